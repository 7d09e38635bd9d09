import { closeSync, constants, createReadStream, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { isatty, ReadStream as Terminal } from 'node:tty';

/**
 * What can be read and is no regular file, as a stream that can be given up. Pipes and terminals are waited for by the event loop: a thread that
 * sits in open(2) or read(2), as Node's files have it, would keep the program from ending until somebody writes.
 */
export function openStream(path: string): Readable {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (isatty(fd)) return new Terminal(fd);
  if (fstatSync(fd).isFIFO()) return new Socket({ fd, readable: true, writable: false });
  closeSync(fd);
  return createReadStream(path);
}
