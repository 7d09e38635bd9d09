import { execFileSync } from 'node:child_process';

/** Time, in ms, that the name services may take for one user; a directory server that is away must not hold up clipmuxd. */
const LOOKUP_TIMEOUT_MS = 2_000;

/** What became of the users that a configuration names. */
export interface UserIds {
  readonly uids: ReadonlySet<number>;
  /** Names that nobody knows (now). */
  readonly unknown: readonly string[];
}

/** The uid of a user's name; undefined if nobody knows it. */
export type LookUpUser = (name: string) => number | undefined;

/** The uids of users given by name or uid. */
export function userIds(users: readonly (string | number)[], lookUp: LookUpUser = lookUpUser): UserIds {
  const uids = new Set<number>();
  const unknown: string[] = [];
  for (const user of users) {
    const uid = typeof user === 'number' ? user : lookUp(user);
    if (uid === undefined) unknown.push(String(user));
    else uids.add(uid);
  }
  return { uids, unknown };
}

/** Asks all name services, LDAP and others included, as getent(1) does. */
function lookUpUser(name: string): number | undefined {
  try {
    const line = execFileSync('getent', ['passwd', '--', name], {
      encoding: 'utf8',
      timeout: LOOKUP_TIMEOUT_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [entry, , uid] = line.split(':');
    return entry === name && uid !== undefined && /^\d+$/.test(uid) ? Number(uid) : undefined;
  } catch {
    return undefined;
  }
}
