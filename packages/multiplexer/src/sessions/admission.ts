import type { PeerCredentials } from '@clipmux/posix';
import { RpcError } from '@clipmux/rpc';
import type { LoginSession } from './login-sessions.ts';

/** Who may take part. */
export interface AdmissionRules {
  readonly ownUid: number;
  /** Uids that the configuration lists; null where it lists none. */
  readonly users: ReadonlySet<number> | null;
  readonly maxPerUser: number;
}

/**
 * Whether an agent may take part. With logind: a user with a login session of class user, if the configuration does not name
 * others. Without: root, clipmuxd's own user and those whom the configuration names.
 *
 * @param login the agent's login session; null where it has none
 * @param connected agents that this user has connected already
 * @throws {RpcError} `denied` or `limit-exceeded`, saying what would change it
 */
export function checkAdmission(
  { uid }: PeerCredentials,
  login: LoginSession | null,
  logind: boolean,
  connected: number,
  rules: AdmissionRules,
): void {
  const { users, ownUid, maxPerUser } = rules;
  const privileged = uid === 0 || uid === ownUid;
  const listed = users?.has(uid) ?? false;
  if (!privileged && !listed) {
    if (users) throw denied(`uid ${uid} is not among the users that the configuration names ([access] users)`);
    if (!logind)
      throw denied(
        `without logind only root, uid ${ownUid} and users that the configuration names ([access] users) may connect, not uid ${uid}`,
      );
    if (!login)
      throw denied(
        `uid ${uid} has no login session; name it in the configuration ([access] users) if it is to take part`,
      );
  }
  if (connected >= maxPerUser) {
    throw new RpcError(
      'limit-exceeded',
      `uid ${uid} has ${connected} agents connected, the most that are allowed ([limits] connections-per-user)`,
    );
  }
}

function denied(message: string): RpcError {
  return new RpcError('denied', message);
}
