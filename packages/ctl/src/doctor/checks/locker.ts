import type { Check, Remedy } from '../finding.ts';

/**
 * Screen lockers that run only while the screen is locked, and how each is called so that the call ends with the lock. Desktops' own
 * lockers tell logind and are not in the list; these mostly do not.
 */
const LOCKERS: ReadonlyMap<string, string> = new Map([
  ['alock', 'alock'],
  ['gtklock', 'gtklock'],
  ['hyprlock', 'hyprlock'],
  ['i3lock', 'i3lock --nofork'],
  ['physlock', 'physlock'],
  ['slock', 'slock'],
  ['swaylock', 'swaylock'],
  ['vlock', 'vlock'],
  ['waylock', 'waylock'],
  ['xlock', 'xlock'],
  ['xsecurelock', 'xsecurelock'],
  ['xtrlock', 'xtrlock'],
]);

/** Whether the screens that are locked are known to be. */
export const locker: Check = {
  title: 'locked screens are known to be locked',
  examine: ({ daemon, processes }) => {
    if (daemon === null || !daemon.status.logind.available) return null;
    return daemon.sessions.flatMap(({ id, uid, user, logind }) => {
      const running = processes.find((process) => process.uid === uid && LOCKERS.has(process.name));
      if (logind === null || logind.locked || running === undefined) return [];
      const { name, pid } = running;
      return [
        {
          code: 'locker-without-hint',
          severity: 'warning' as const,
          sentence: `${name} (pid ${pid}) has locked the screen of ${user}, but does not tell logind: session ${id} still uses the host's clipboard`,
          remedies: [wrap(name, LOCKERS.get(name) ?? name)],
        },
      ];
    });
  },
};

/** @param locking what ends only with the lock: else the hint would be taken back at once, behind a locked screen */
function wrap(name: string, locking: string): Remedy {
  const call =
    'busctl call org.freedesktop.login1 /org/freedesktop/login1/session/auto org.freedesktop.login1.Session SetLockedHint b';
  return { where: `start ${name} by a script that tells logind`, lines: [`${call} true`, locking, `${call} false`] };
}
