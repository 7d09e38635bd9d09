/**
 * Commands of qemu-ga that may take as long as they take. A freeze that is given up leaves disks frozen and nobody knowing; a shutdown or a
 * suspension ends when the machine does; what guest-exec starts is qemu-ga's business.
 */
export const UNLIMITED_COMMANDS: ReadonlySet<string> = new Set([
  'guest-exec',
  'guest-exec-status',
  'guest-fsfreeze-freeze',
  'guest-fsfreeze-freeze-list',
  'guest-fsfreeze-status',
  'guest-fsfreeze-thaw',
  'guest-fstrim',
  'guest-shutdown',
  'guest-suspend-disk',
  'guest-suspend-hybrid',
  'guest-suspend-ram',
]);
