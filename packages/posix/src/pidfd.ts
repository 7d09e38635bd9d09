import { closeSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import { PosixError } from './errors.ts';
import { native } from './native.ts';
import { descriptorOf, getSocketOption, peerCredentials } from './peer-credentials.ts';

/** Option of <asm-generic/socket.h>, Linux 6.5: a pidfd of the peer. ENOPROTOOPT before that. */
const SO_PEERPIDFD = 77;
/** System call number, the same on all architectures (Linux 5.3). */
const SYS_PIDFD_OPEN = 434;
/** <poll.h>: readable. */
const POLLIN = 1;
/** sizeof(struct pollfd): int fd, short events, short revents. */
const POLLFD_SIZE = 8;

/**
 * A handle on one process that its pid's reuse cannot fool (pidfd_open(2)). Holds a file descriptor until `close()`.
 */
export class Pidfd {
  /** The process's id, valid as long as `isAlive()`. */
  readonly pid: number;
  #fd: number;

  constructor(fd: number, pid: number) {
    this.#fd = fd;
    this.pid = pid;
  }

  /** Whether the process still runs (a zombie does not). False after `close()`. */
  isAlive(): boolean {
    if (this.#fd < 0) return false;
    const descriptor = Buffer.alloc(POLLFD_SIZE);
    descriptor.writeInt32LE(this.#fd, 0);
    descriptor.writeInt16LE(POLLIN, 4);
    // A pidfd becomes readable when its process ends.
    return native().poll(descriptor, 1, 0) === 0;
  }

  /** Gives the descriptor back. Harmless when done twice. */
  close(): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }
}

/**
 * A pidfd for the process at the other end of a unix socket.
 *
 * Linux 6.5 and later give just the process that connected. Before, the pid is looked up, and only taken if the process that
 * has it now belongs to the same user: a pid reused by another user's process is refused with `process-gone`.
 *
 * @throws PosixError `process-gone`, `socket-closed`, `native-unavailable` or `system-call-failed`
 */
export function peerPidfd(socket: Socket): Pidfd {
  const { pid, uid } = peerCredentials(socket);
  const value = Buffer.alloc(4);
  try {
    getSocketOption(descriptorOf(socket), SO_PEERPIDFD, 'SO_PEERPIDFD', value);
  } catch (error) {
    if (!(error instanceof PosixError)) throw error;
    if (error.errno === constants.errno.ENOPROTOOPT) return pidfdOf(pid, uid);
    // ESRCH, on some kernels EINVAL, says that the process was already reaped.
    if (error.errno === constants.errno.ESRCH || error.errno === constants.errno.EINVAL) throw gone(pid);
    throw error;
  }
  const process = new Pidfd(value.readInt32LE(), pid);
  // Since Linux 6.16 the pidfd of a process that was already reaped is given too.
  if (process.isAlive()) return process;
  process.close();
  throw gone(pid);
}

/**
 * A pidfd for the process that now has the id `pid`, if `uid` is its effective user.
 *
 * @throws PosixError `process-gone` if there is none or it belongs to someone else, `native-unavailable`, `system-call-failed`
 */
export function pidfdOf(pid: number, uid: number): Pidfd {
  const { syscall, errno } = native();
  const fd = syscall(SYS_PIDFD_OPEN, pid, 0);
  if (fd < 0) {
    const number = errno();
    if (number === constants.errno.ESRCH) throw gone(pid);
    throw new PosixError('system-call-failed', `pidfd_open(${pid}) failed with errno ${number}`, { errno: number });
  }
  const process = new Pidfd(fd, pid);
  // In this order: while the pidfd's process lives, /proc/PID is that process and no later one.
  if (effectiveUserOf(pid) !== uid || !process.isAlive()) {
    process.close();
    throw gone(pid);
  }
  return process;
}

function effectiveUserOf(pid: number): number | undefined {
  try {
    // "Uid:\treal\teffective\tsaved\tfilesystem" (proc_pid_status(5)); the folder's owner would be root for undumpable processes.
    const effective = /^Uid:\t\d+\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return effective === undefined ? undefined : Number(effective);
  } catch {
    return undefined;
  }
}

function gone(pid: number): PosixError {
  return new PosixError('process-gone', `the peer's process ${pid} has ended`);
}
