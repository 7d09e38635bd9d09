import { writeUint32 } from '../bytes.ts';
import { CHUNK_HEADER_SIZE, type ChunkPort } from '../constants.ts';

/** Writes a `VDIChunkHeader` at `offset` and returns the offset behind it. `size` is the chunk's payload in bytes. */
export function writeChunkHeader(bytes: Uint8Array, offset: number, port: ChunkPort, size: number): number {
  writeUint32(bytes, offset, port);
  writeUint32(bytes, offset + 4, size);
  return offset + CHUNK_HEADER_SIZE;
}
