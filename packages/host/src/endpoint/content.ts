import { access, constants, open, stat } from 'node:fs/promises';
import { HostError } from '../errors.ts';

/** What the host offers in one type: bytes, which must not be changed any more, or a regular file, read when it is asked for. */
export type Content = Uint8Array | { readonly file: string };

/** Bytes read or framed at a time: large enough that system calls do not count, small enough to hold several. */
export const CONTENT_PIECE_SIZE = 256 * 1024;

/** Content whose size is settled, ready to be sent. */
export interface OpenContent {
  readonly size: number;
  /** The bytes, in pieces that are valid until the next one is taken. */
  readonly pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** Bytes are ready at once. */
export function openBytes(bytes: Uint8Array): OpenContent {
  return { size: bytes.length, pieces: slices(bytes) };
}

/**
 * Looks at a file and settles its size; it is opened when the first piece is taken. Rejects if it can't be read, with {@link HostError}
 * `not-a-file` if it is not a regular one: a folder has no content, and what a pipe has cannot be known before it is read.
 * `pieces` throws {@link HostError} `file-changed` if the file has become shorter by then; what it has grown is not sent.
 */
export async function openFile(path: string): Promise<OpenContent> {
  await access(path, constants.R_OK);
  const found = await stat(path);
  if (!found.isFile()) throw new HostError('not-a-file', `${path} is no regular file`);
  const { size } = found;
  return { size, pieces: filePieces(path, size) };
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += CONTENT_PIECE_SIZE) {
    yield bytes.subarray(offset, offset + CONTENT_PIECE_SIZE);
  }
}

async function* filePieces(path: string, size: number): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(Math.min(size, CONTENT_PIECE_SIZE));
    for (let due = size; due > 0; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(due, buffer.length));
      if (bytesRead === 0) throw new HostError('file-changed', `${path} became shorter while it was being sent`);
      due -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
