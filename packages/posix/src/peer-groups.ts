import type { Socket } from 'node:net';
import { PosixError } from './errors.ts';
import { native } from './native.ts';
import { descriptorOf, SOL_SOCKET } from './peer-credentials.ts';

/** Option of <asm-generic/socket.h> since Linux 4.13: the supplementary groups of the process that connected, 32 bits each. */
const SO_PEERGROUPS = 59;

/** <asm-generic/errno-base.h>: the buffer is too small; the length has become the one that is needed. */
const ERANGE = 34;

const GROUP_SIZE = 4;
/** Groups that fit at the first try; few users are in more. */
const FIRST_TRY = 32;
/** NGROUPS_MAX of <linux/limits.h>. */
const GROUPS_MAX = 65_536;

/**
 * The supplementary groups of a connected unix socket's peer, as the kernel recorded them when the connection was made. They are what
 * the process had then, whatever the user database says now: who was added to a group has it with the next login. The effective
 * group is not among them unless it is listed (see `peerCredentials`).
 *
 * @throws PosixError as `peerCredentials`
 */
export function peerGroups(socket: Socket): readonly number[] {
  const fd = descriptorOf(socket);
  const { getsockopt, errno } = native();
  const length = Buffer.alloc(4);
  for (let count = FIRST_TRY; count <= GROUPS_MAX; ) {
    const value = Buffer.alloc(count * GROUP_SIZE);
    length.writeUInt32LE(value.length);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, value, length) === 0) {
      const found = length.readUInt32LE() / GROUP_SIZE;
      return Array.from({ length: found }, (_, index) => value.readUInt32LE(index * GROUP_SIZE));
    }
    const number = errno();
    const needed = length.readUInt32LE() / GROUP_SIZE;
    if (number !== ERANGE || needed <= count) {
      throw new PosixError('system-call-failed', `getsockopt(SO_PEERGROUPS) failed with errno ${number}`, {
        errno: number,
      });
    }
    count = needed;
  }
  throw new PosixError('system-call-failed', 'the peer is in more groups than the kernel allows');
}
