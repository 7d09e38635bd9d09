import type { Socket } from 'node:net';
import { PosixError } from './errors.ts';
import { native } from './native.ts';

/** <asm-generic/socket.h>; the same on every architecture that Node and koffi have in common. */
export const SOL_SOCKET = 1;
/** Option of <asm-generic/socket.h>: `struct ucred` of the process that connected (or, seen from the client, that listened). */
export const SO_PEERCRED = 17;

/** sizeof(struct ucred): pid_t, uid_t, gid_t, 32 bits each. */
const UCRED_SIZE = 12;

/** Who is at the other end of a unix socket, as the kernel recorded it when the connection was made (socket(7), SO_PEERCRED). */
export interface PeerCredentials {
  /** Process id in our pid namespace. It may have been reused since: see `peerPidfd`. */
  readonly pid: number;
  /** Effective user id. */
  readonly uid: number;
  /** Effective group id. */
  readonly gid: number;
}

/**
 * The credentials of a connected unix socket's peer.
 *
 * @throws PosixError `socket-closed` if the socket has no descriptor any more, `native-unavailable` without koffi,
 *   `system-call-failed` otherwise
 */
export function peerCredentials(socket: Socket): PeerCredentials {
  const fd = descriptorOf(socket);
  const value = Buffer.alloc(UCRED_SIZE);
  getSocketOption(fd, SO_PEERCRED, 'SO_PEERCRED', value);
  return { pid: value.readInt32LE(0), uid: value.readUInt32LE(4), gid: value.readUInt32LE(8) };
}

/** Fills `value` with a SOL_SOCKET option, which must have just that size. */
export function getSocketOption(fd: number, option: number, optionName: string, value: Buffer): void {
  const { getsockopt, errno } = native();
  const length = Buffer.alloc(4);
  length.writeUInt32LE(value.length);
  if (getsockopt(fd, SOL_SOCKET, option, value, length) !== 0) {
    const number = errno();
    throw new PosixError('system-call-failed', `getsockopt(${optionName}) failed with errno ${number}`, {
      errno: number,
    });
  }
  if (length.readUInt32LE() !== value.length) {
    throw new PosixError('system-call-failed', `getsockopt(${optionName}) gave ${length.readUInt32LE()} bytes`);
  }
}

/** The descriptor under a Node socket; Node has it on its internal handle only. */
export function descriptorOf(socket: Socket): number {
  const handle = (socket as unknown as { _handle?: { fd?: unknown } | null })._handle;
  const fd = handle?.fd;
  if (typeof fd !== 'number' || fd < 0) {
    throw new PosixError('socket-closed', 'the socket is closed: its peer can no longer be asked for');
  }
  return fd;
}
