import type { PeerCredentials } from '@clipmux/posix';
import { RpcError } from '@clipmux/rpc';

/**
 * Whether this user may take part where nobody can say whose session is whose (no logind): root and clipmuxd's own user alone.
 * @throws {RpcError} `denied`
 */
export function admitWithoutLogind({ uid }: PeerCredentials, ownUid: number): void {
  if (uid === 0 || uid === ownUid) return;
  throw new RpcError('denied', `without logind only root and uid ${ownUid} may connect, not uid ${uid}`);
}
