import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { HostError } from '../errors.ts';

/** sizeof(sockaddr_un.sun_path) without the final NUL (unix(7)). Node cuts longer paths off without a word. */
const SOCKET_PATH_BYTES_MAX = 107;

/** @throws {HostError} `address-invalid` for a path that no socket can have */
export function checkSocketPath(path: string): void {
  const size = Buffer.byteLength(path);
  if (size > 0 && size <= SOCKET_PATH_BYTES_MAX && !path.includes('\0')) return;
  throw new HostError(
    'address-invalid',
    `${path} is no socket's path: it must have 1 to ${SOCKET_PATH_BYTES_MAX} bytes`,
  );
}

/** What connecting failed with, and what to do. */
export function explainConnectError(path: string, error: NodeJS.ErrnoException): Error {
  switch (error.code) {
    case 'ENOENT':
    case 'ECONNREFUSED': {
      const what = error.code === 'ENOENT' ? `there is no socket ${path}` : `nobody listens on ${path} any more`;
      return new HostError(
        'no-listener',
        `${what}: start the virtual machine that has it, or listen there (clipmux-host: --listen)`,
      );
    }
    case 'EACCES':
      return new HostError('no-listener', `${path} may not be used by this user: be root, or its owner`);
    default:
      return error;
  }
}

/** What listening failed with: where the folder is missing, libuv says that permission was denied. */
export function explainListenError(path: string, error: NodeJS.ErrnoException): Error {
  const folder = dirname(path);
  if (error.code !== 'EACCES' || statSync(folder, { throwIfNoEntry: false }) !== undefined) return error;
  return new HostError('address-invalid', `cannot listen on ${path}: there is no folder ${folder}`);
}
