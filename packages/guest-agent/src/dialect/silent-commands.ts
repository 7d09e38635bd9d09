/** Commands of qemu-ga without an answer when they succeed, as far as known before it has told (qga/qapi-schema.json, success-response). */
export const SILENT_COMMANDS: ReadonlySet<string> = new Set([
  'guest-shutdown',
  'guest-suspend-disk',
  'guest-suspend-hybrid',
  'guest-suspend-ram',
]);
