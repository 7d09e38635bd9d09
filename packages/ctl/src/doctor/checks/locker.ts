import type { Check, Remedy } from '../finding.ts';

/**
 * Screen lockers that run only while the screen is locked. Desktops' own lockers tell logind and are not in the list; these mostly
 * do not.
 */
const LOCKERS: ReadonlySet<string> = new Set([
  'alock',
  'gtklock',
  'hyprlock',
  'i3lock',
  'physlock',
  'slock',
  'swaylock',
  'vlock',
  'waylock',
  'xlock',
  'xsecurelock',
  'xtrlock',
]);

/** How those are called that leave a call at once, so that it ends with the lock. */
const LOCKING_CALLS: Readonly<Record<string, string>> = { i3lock: 'i3lock --nofork' };

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
          remedies: [wrap(name)],
        },
      ];
    });
  },
};

function wrap(name: string): Remedy {
  // Else the hint would be taken back at once, behind a locked screen.
  const locking = LOCKING_CALLS[name] ?? name;
  const call =
    'busctl call org.freedesktop.login1 /org/freedesktop/login1/session/auto org.freedesktop.login1.Session SetLockedHint b';
  return { where: `start ${name} by a script that tells logind`, lines: [`${call} true`, locking, `${call} false`] };
}
