import { chmodSync, lstatSync, mkdirSync, type Stats, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { explainListenError, socketPathProblem } from '@clipmux/posix';
import { LISTEN_BACKLOG } from './limits.ts';

/** Why a socket cannot be listened on. */
export type ListenErrorCode = 'in-use' | 'not-a-socket' | 'failed';

/** The socket cannot be listened on; the message says what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code: ListenErrorCode;

  constructor(code: ListenErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Where to listen: a path of our own, or a socket that systemd has opened. */
export type ListenAddress = { readonly path: string; readonly mode: number } | { readonly fd: number };

/**
 * Listens on the address. A socket file that a dead process left is removed; one that a living process listens on is not.
 * Resolves when connecting succeeds.
 * @throws {ListenError}
 */
export async function listen(server: Server, address: ListenAddress): Promise<void> {
  if ('path' in address) {
    const problem = socketPathProblem(address.path);
    if (problem !== undefined) throw new ListenError('failed', problem);
    makeDirectory(dirname(address.path));
    await removeStale(address.path);
  }
  const target = 'path' in address ? { path: address.path } : { fd: address.fd };
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(describe(error, address)));
    // The mode is set in the same turn as the bind, before anyone can have been let in or turned away by it.
    server.listen({ ...target, backlog: LISTEN_BACKLOG }, resolve);
    if ('path' in address) setMode(address.path, address.mode);
  });
}

/** systemd makes it (RuntimeDirectory=); a clipmuxd that is started by hand makes it itself. Where it cannot, listening says why. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o755 });
  } catch {
    // It exists, or its parent does not, or we may not: all seen in a moment.
  }
}

function setMode(path: string, mode: number): void {
  try {
    chmodSync(path, mode);
  } catch (error) {
    // Not bound: the server's error event says why.
    if (!['ENOENT', 'EACCES', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

async function removeStale(path: string): Promise<void> {
  let stat: Stats | undefined;
  try {
    stat = lstatSync(path, { throwIfNoEntry: false });
  } catch {
    // A folder on the way may not be entered, or is no folder: listening says so in a moment.
  }
  if (!stat) return;
  if (!stat.isSocket()) {
    throw new ListenError('not-a-socket', `${path} exists and is no socket: remove it or choose another path`);
  }
  if (await isAlive(path)) {
    throw new ListenError(
      'in-use',
      `another process listens on ${path}: stop it (systemctl stop clipmuxd) or choose another path`,
    );
  }
  unlinkSync(path);
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    // EACCES or EAGAIN: somebody is there, whom we may not or cannot reach now.
    probe.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}

function describe(error: NodeJS.ErrnoException, address: ListenAddress): ListenError {
  const message =
    'path' in address
      ? explainListenError(address.path, error)
      : `cannot listen on descriptor ${address.fd}: ${error.message}`;
  return new ListenError('failed', message);
}
