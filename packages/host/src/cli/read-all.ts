import { closeSync, constants, createReadStream, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { isatty, ReadStream as Terminal } from 'node:tty';
import { DEFAULT_MAX_PASTE_SIZE } from '../endpoint/options.ts';
import { HostError } from '../errors.ts';

/** The whole stream. @throws {HostError} `too-large` */
export async function readAll(stream: Readable, ended: AbortSignal, name = 'the standard input'): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const stop = (): void => {
    stream.destroy();
  };
  ended.addEventListener('abort', stop, { once: true });
  try {
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      size += piece.length;
      if (size > DEFAULT_MAX_PASTE_SIZE) {
        throw new HostError(
          'too-large',
          `${name} is past the limit of ${DEFAULT_MAX_PASTE_SIZE} bytes: use a regular file`,
        );
      }
      pieces.push(piece);
    }
  } finally {
    ended.removeEventListener('abort', stop);
  }
  return Buffer.concat(pieces, size);
}

/** All of what can be read under that name. @throws {HostError} `too-large` */
export function readAllOf(file: string, ended: AbortSignal): Promise<Uint8Array> {
  return readAll(openStream(file), ended, file);
}

/**
 * What can be read and is no regular file, as a stream that can be given up. Pipes and terminals are waited for by the event loop: a thread that
 * sits in open(2) or read(2), as Node's files have it, would keep the program from ending until somebody writes.
 */
function openStream(path: string): Readable {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (isatty(fd)) return new Terminal(fd);
  if (fstatSync(fd).isFIFO()) return new Socket({ fd, readable: true, writable: false });
  closeSync(fd);
  return createReadStream(path);
}
