import { writeChunkHeader } from '../chunk/header.ts';
import { CHUNK_HEADER_SIZE, type ChunkPort, MESSAGE_HEADER_SIZE, VD_AGENT_MAX_DATA_SIZE } from '../constants.ts';
import { VdAgentUsageError } from '../errors.ts';
import { encodeMessageHeader, type MessageHeader, writeMessageHeader } from './header.ts';

/**
 * Bytes of one buffer that a writer fills with chunks: large, so that one system call sends many, and enough for 64 KiB of
 * content with the headers of chunks of 1 KiB.
 */
export const DEFAULT_BATCH_SIZE = 66 * 1024;

/** Choices of a writer. Sizes are in bytes. */
export interface WriterOptions {
  /** The most payload a chunk gets: 2048 for a guest, 1024 in QEMU's manner. At least 20. Default: `VD_AGENT_MAX_DATA_SIZE`. */
  readonly maxChunkSize?: number;
  /** The largest buffer made. Default: {@link DEFAULT_BATCH_SIZE}. */
  readonly batchSize?: number;
  /** Where the buffers come from; at least `size` bytes. Default: new memory. For a pool. */
  readonly allocate?: (size: number) => Uint8Array;
}

/**
 * Sends one message whose size is known and whose body comes piece by piece. What `write` returns is everything that can go
 * out so far, in chunks packed into few buffers; nothing is held back. Pieces are copied and may be reused.
 */
export class MessageWriter {
  readonly #port: ChunkPort;
  readonly #maxChunkSize: number;
  readonly #batchSize: number;
  readonly #allocate: (size: number) => Uint8Array;
  /** The message header, until it has gone out with the first bytes. */
  #head: Uint8Array | undefined;
  /** Bytes of header and body that have not gone out. */
  #due: number;
  /** Payload bytes missing in the chunk whose header went out last. */
  #chunkDue = 0;
  /** Body bytes that the caller has not brought. */
  #remaining: number;

  /** Throws {@link VdAgentUsageError} for a header or chunk size that can't be sent. */
  constructor(chunkPort: ChunkPort, header: MessageHeader, options: WriterOptions = {}) {
    this.#port = chunkPort;
    this.#maxChunkSize = options.maxChunkSize ?? VD_AGENT_MAX_DATA_SIZE;
    this.#batchSize = options.batchSize ?? DEFAULT_BATCH_SIZE;
    this.#allocate = options.allocate ?? allocateUninitialized;
    if (this.#maxChunkSize < MESSAGE_HEADER_SIZE || this.#batchSize <= CHUNK_HEADER_SIZE) {
      throw new VdAgentUsageError(
        'value-out-of-range',
        `a chunk must hold the ${MESSAGE_HEADER_SIZE} bytes of a message header, and a batch more than a chunk header`,
      );
    }
    this.#head = encodeMessageHeader(header);
    this.#remaining = header.size;
    this.#due = MESSAGE_HEADER_SIZE + header.size;
  }

  /** Bytes of the body that are still due. A message once begun must be completed or the link be reset. */
  get remaining(): number {
    return this.#remaining;
  }

  /** Frames the next bytes of the body. Throws {@link VdAgentUsageError} `writer-overrun` if they are more than are due. */
  write(...pieces: readonly Uint8Array[]): Uint8Array[] {
    let length = 0;
    for (const piece of pieces) length += piece.length;
    if (length > this.#remaining) {
      throw overrun(length, this.#remaining);
    }
    this.#remaining -= length;
    if (this.#head === undefined) return length === 0 ? [] : this.#frame(pieces, length);
    const head = this.#head;
    this.#head = undefined;
    return this.#frame([head, ...pieces], head.length + length);
  }

  /**
   * Ends the message; returns its header if that has not gone out, as for an empty body.
   * Throws {@link VdAgentUsageError} `writer-incomplete` while bytes are due.
   */
  end(): Uint8Array[] {
    if (this.#remaining > 0) {
      throw incomplete(this.#remaining);
    }
    return this.#head === undefined ? [] : this.write();
  }

  #frame(pieces: readonly Uint8Array[], length: number): Uint8Array[] {
    const batches: Uint8Array[] = [];
    const newChunks = Math.ceil(Math.max(0, length - this.#chunkDue) / this.#maxChunkSize);
    let output = length + newChunks * CHUNK_HEADER_SIZE;
    let batch = this.#allocate(Math.min(output, this.#batchSize));
    let room = Math.min(output, this.#batchSize);
    let offset = 0;
    const renew = (): void => {
      batches.push(batch.subarray(0, offset));
      room = Math.min(output, this.#batchSize);
      batch = this.#allocate(room);
      offset = 0;
    };
    for (const piece of pieces) {
      const end = piece.length;
      let start = 0;
      while (start < end) {
        if (this.#chunkDue === 0) {
          if (room - offset <= CHUNK_HEADER_SIZE) renew();
          this.#chunkDue = Math.min(this.#maxChunkSize, this.#due);
          offset = writeChunkHeader(batch, offset, this.#port, this.#chunkDue);
          output -= CHUNK_HEADER_SIZE;
        } else if (offset === room) {
          renew();
        }
        const count = Math.min(end - start, this.#chunkDue, room - offset);
        batch.set(count === end ? piece : piece.subarray(start, start + count), offset);
        start += count;
        offset += count;
        output -= count;
        this.#chunkDue -= count;
        this.#due -= count;
      }
    }
    batches.push(offset === batch.length ? batch : batch.subarray(0, offset));
    return batches;
  }
}

/** Frames a whole message at once. The pieces of the body must come to `header.size` bytes. */
export function chunked(
  chunkPort: ChunkPort,
  header: MessageHeader,
  body: readonly Uint8Array[],
  options: WriterOptions = {},
): Uint8Array[] {
  const length = MESSAGE_HEADER_SIZE + header.size;
  const { maxChunkSize = VD_AGENT_MAX_DATA_SIZE, batchSize, allocate } = options;
  if (length <= maxChunkSize && batchSize === undefined && allocate === undefined) {
    return [oneChunk(chunkPort, header, body, length)];
  }
  const writer = new MessageWriter(chunkPort, header, options);
  return [...writer.write(...body), ...writer.end()];
}

/** A message that fits into one chunk, as all but content do: without the steps that a long one needs. */
function oneChunk(
  chunkPort: ChunkPort,
  header: MessageHeader,
  body: readonly Uint8Array[],
  length: number,
): Uint8Array {
  const output = allocateUninitialized(CHUNK_HEADER_SIZE + length);
  let offset = writeChunkHeader(output, 0, chunkPort, length);
  offset = writeMessageHeader(output, offset, header);
  for (const piece of body) {
    if (offset + piece.length > output.length) throw overrun(piece.length, output.length - offset);
    output.set(piece, offset);
    offset += piece.length;
  }
  if (offset < output.length) throw incomplete(output.length - offset);
  return output;
}

function overrun(length: number, due: number): VdAgentUsageError {
  return new VdAgentUsageError('writer-overrun', `${length} bytes for a message that takes ${due} more`);
}

function incomplete(due: number): VdAgentUsageError {
  return new VdAgentUsageError('writer-incomplete', `the message ends with ${due} bytes due`);
}

/** Every byte handed out is written before it leaves, so the memory need not be cleared first. */
function allocateUninitialized(size: number): Uint8Array {
  return Buffer.allocUnsafe(size);
}
