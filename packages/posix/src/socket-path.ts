import { statSync } from 'node:fs';
import { dirname } from 'node:path';

/** sizeof(sockaddr_un.sun_path) without the final NUL (unix(7)). libuv cuts longer paths off without a word. */
export const SOCKET_PATH_BYTES_MAX = 107;

/** Why no socket can have this path; undefined where one can. */
export function socketPathProblem(path: string): string | undefined {
  const size = Buffer.byteLength(path);
  if (size > 0 && size <= SOCKET_PATH_BYTES_MAX && !path.includes('\0')) return undefined;
  return `${path} is no socket's path: it must have 1 to ${SOCKET_PATH_BYTES_MAX} bytes`;
}

/** Why listening on a path failed, in a person's words: where its folder is missing, libuv says that permission was denied. */
export function explainListenError(path: string, error: NodeJS.ErrnoException): string {
  const folder = dirname(path);
  if (error.code === 'EACCES' && !exists(folder)) return `cannot listen on ${path}: there is no folder ${folder}`;
  return `cannot listen on ${path}: ${error.message}`;
}

function exists(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    // What we may not look at is there, or may be.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}
