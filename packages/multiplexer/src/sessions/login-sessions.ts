/** What admission and policy need to know of a login session. logind's own description of it fits. */
export interface LoginSession {
  readonly id: string;
  readonly uid: number;
  readonly user: string;
  /** Empty for none (ssh, VNC, xrdp). */
  readonly seat: string;
  readonly type: string;
  readonly class: string;
  readonly locked: boolean;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** Who knows login sessions: logind, or nobody. */
export interface LoginSessions {
  /** Whether anything below means something. */
  readonly available: boolean;
  readonly sessions: ReadonlyMap<string, LoginSession>;
  /** The session that a process belongs to; null for none. Rejects where nobody can tell now. */
  sessionOfPid(pid: number): Promise<LoginSession | null>;
  /** Resolves once `sessions` hold those that were there when `sessionOfPid` was answered last. */
  caughtUp(): Promise<void>;
}

/** Nobody knows: no D-Bus, no logind, or told not to ask. */
export const NO_LOGIN_SESSIONS: LoginSessions = {
  available: false,
  sessions: new Map(),
  sessionOfPid: () => Promise.resolve(null),
  caughtUp: () => Promise.resolve(),
};

/**
 * The login session of an agent. Its process's own, if that is a person's. A process under `user@UID.service` (systemd user
 * units, GNOME's and Plasma's autostart) has none: then the one that it names, if that is its user's, else the user's newest
 * graphical one, else the newest of any type (an Xvfb of an ssh login). What an agent says of itself can at most choose among
 * its own user's sessions.
 */
export function loginSessionOf(
  uid: number,
  ofPid: LoginSession | null,
  named: string | null,
  sessions: ReadonlyMap<string, LoginSession>,
): LoginSession | null {
  if (ofPid && isPersons(ofPid, uid)) return ofPid;
  const byName = named === null ? undefined : sessions.get(named);
  if (byName && isPersons(byName, uid)) return byName;
  const own = [...sessions.values()].filter((session) => isPersons(session, uid)).sort((a, b) => b.since - a.since);
  return own.find(({ type }) => type === 'x11' || type === 'wayland') ?? own[0] ?? null;
}

function isPersons(session: LoginSession, uid: number): boolean {
  return session.uid === uid && session.class === 'user';
}
