import { readFileSync } from 'node:fs';
import type { PeerCredentials } from '@clipmux/posix';
import { RpcError } from '@clipmux/rpc';
import { CONTROL_GROUP } from './limits.ts';

/** Who is at the other end, as the kernel recorded it when the connection was made. */
export interface ControlPeer extends PeerCredentials {
  /** Supplementary groups. */
  readonly groups: readonly number[];
}

/** Who may control clipmuxd. */
export interface ControlRules {
  /** clipmuxd's own. */
  readonly ownUid: number;
  /** Id of the group whose members may; null: this machine has no such group. */
  readonly group: number | null;
}

/**
 * Root, clipmuxd's own user and the members of the group may; others may not.
 * @throws {RpcError} `denied`, saying what to do
 */
export function checkControlAccess(peer: ControlPeer, { ownUid, group }: ControlRules): void {
  if (peer.uid === 0 || peer.uid === ownUid) return;
  if (group !== null && (peer.gid === group || peer.groups.includes(group))) return;
  const remedy =
    group === null
      ? `use root (there is no group ${CONTROL_GROUP} on this machine)`
      : `use root, or join the group ${CONTROL_GROUP} and log in again`;
  throw new RpcError('denied', `uid ${peer.uid} may not control clipmuxd: ${remedy}`);
}

/** A line of group(5): `name:password:gid:members`. */
const GROUP_LINE = /^([^:]+):[^:]*:(\d+):/;

/**
 * The id of a group in a group file; null if it has none of that name. Groups of the network (NSS) are not seen: clipmux's is made by
 * its package, on the machine itself.
 */
export function groupIdOf(name: string, path = '/etc/group'): number | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return null;
  }
  for (const line of text.split('\n')) {
    const match = GROUP_LINE.exec(line);
    if (match?.[1] === name) return Number(match[2]);
  }
  return null;
}
