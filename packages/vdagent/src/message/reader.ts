import { readUint32 } from '../bytes.ts';
import { CHUNK_HEADER_SIZE, MESSAGE_HEADER_SIZE, MessageType, VDP_CLIENT_PORT, VDP_SERVER_PORT } from '../constants.ts';
import { VdAgentError } from '../errors.ts';
import { type AssemblySettings, MessageAssembly } from './assembly.ts';
import type { MessageHandler } from './handler.ts';
import type { MessageHeader } from './header.ts';
import { DEFAULT_MAX_CHUNK_SIZE, DEFAULT_MAX_STREAMED_SIZE, defaultMaxMessageSize } from './limits.ts';

/** Choices of a {@link MessageReader}. Sizes are in bytes. */
export interface MessageReaderOptions {
  /** Whether the body of this message is handed on piece by piece. Default: none is. */
  readonly streams?: (header: MessageHeader) => boolean;
  /** The largest body collected for a message type; checked before anything is allocated. Default: `defaultMaxMessageSize`. */
  readonly maxMessageSize?: (type: number) => number;
  /** The largest body streamed. Default: `DEFAULT_MAX_STREAMED_SIZE`. */
  readonly maxStreamedSize?: number;
  /** The largest payload of one chunk. Default: `DEFAULT_MAX_CHUNK_SIZE`, or more if `maxStreamedSize` is. */
  readonly maxChunkSize?: number;
  /**
   * Whether the reader may change its input, to move together in it what it holds of a streamed body: a piece for each
   * input instead of one for each chunk of 1 or 2 KiB, at the cost of one move. Default: no.
   */
  readonly mayChangeInput?: boolean;
}

/**
 * Reads the byte stream of a vdagent port, however it is cut: bytes in, messages out. Messages of the two chunk ports
 * interleave and are put together apart. Memory: at most one collected body a port.
 *
 * A CLIENT_DISCONNECTED ends the message that the client was in the middle of, as in spice-vdagentd: spice-server sends it on
 * the server's port, and the rest of what the client had begun never comes.
 */
export class MessageReader {
  readonly #handler: MessageHandler;
  readonly #maxChunkSize: number;
  readonly #client: MessageAssembly;
  readonly #server: MessageAssembly;
  readonly #chunkHeader = new Uint8Array(CHUNK_HEADER_SIZE);
  #chunkHeaderLength = 0;
  /** The assembly of the chunk that is being read. */
  #current: MessageAssembly;
  /** Payload bytes of that chunk that are still to come; 0 while a chunk header is awaited. */
  #chunkDue = 0;
  #failure: VdAgentError | undefined;
  /** Counts resets, so that `push` notices one that the handler made. */
  #epoch = 0;

  constructor(handler: MessageHandler, options: MessageReaderOptions = {}) {
    this.#handler = handler;
    const settings: AssemblySettings = {
      streams: options.streams ?? (() => false),
      maxMessageSize: options.maxMessageSize ?? defaultMaxMessageSize,
      maxStreamedSize: options.maxStreamedSize ?? DEFAULT_MAX_STREAMED_SIZE,
      gathers: options.mayChangeInput ?? false,
    };
    this.#maxChunkSize =
      options.maxChunkSize ?? Math.max(DEFAULT_MAX_CHUNK_SIZE, MESSAGE_HEADER_SIZE + settings.maxStreamedSize);
    this.#client = new MessageAssembly(VDP_CLIENT_PORT, handler, settings);
    this.#server = new MessageAssembly(VDP_SERVER_PORT, this.#observing(handler), settings);
    this.#current = this.#client;
  }

  /** The error with the consequence `reset-link` after which nothing is read, until {@link reset}. */
  get failure(): VdAgentError | undefined {
    return this.#failure;
  }

  /** Takes the next bytes of the stream. They are not kept: the caller may reuse them. Does nothing after a {@link failure}. */
  push(bytes: Uint8Array): void {
    if (this.#failure !== undefined) return;
    const epoch = this.#epoch;
    const end = bytes.length;
    let offset = 0;
    while (offset < end) {
      if (this.#chunkDue === 0) {
        if (this.#chunkHeaderLength === 0 && end - offset >= CHUNK_HEADER_SIZE) {
          const failure = this.#beginChunk(readUint32(bytes, offset), readUint32(bytes, offset + 4));
          if (this.#epoch !== epoch) return;
          if (failure !== undefined) return this.#fail(failure);
          offset += CHUNK_HEADER_SIZE;
        } else {
          this.#chunkHeader[this.#chunkHeaderLength++] = bytes[offset++] as number;
          if (this.#chunkHeaderLength < CHUNK_HEADER_SIZE) continue;
          this.#chunkHeaderLength = 0;
          const failure = this.#beginChunk(readUint32(this.#chunkHeader, 0), readUint32(this.#chunkHeader, 4));
          if (this.#epoch !== epoch) return;
          if (failure !== undefined) return this.#fail(failure);
        }
        continue;
      }
      const next = Math.min(end, offset + this.#chunkDue);
      this.#chunkDue -= next - offset;
      const failure = this.#current.take(bytes, offset, next, this.#chunkDue);
      if (this.#epoch !== epoch) return;
      if (failure !== undefined) return this.#fail(failure);
      offset = next;
    }
    this.#current.flush();
  }

  /** Starts anew, as on a port just opened. A message that was being streamed is aborted. */
  reset(): void {
    this.#epoch++;
    this.#failure = undefined;
    this.#chunkHeaderLength = 0;
    this.#chunkDue = 0;
    this.#client.reset();
    this.#server.reset();
  }

  #beginChunk(port: number, size: number): VdAgentError | undefined {
    if (port === VDP_CLIENT_PORT) this.#switchTo(this.#client);
    else if (port === VDP_SERVER_PORT) this.#switchTo(this.#server);
    else
      return new VdAgentError('unknown-chunk-port', `a chunk for port ${port}: only 1 and 2 exist`, {
        chunkPort: port,
      });
    if (size === 0) return new VdAgentError('empty-chunk', 'a chunk without payload', { chunkPort: port });
    if (size > this.#maxChunkSize) {
      return new VdAgentError('chunk-too-large', `a chunk of ${size} bytes: the limit is ${this.#maxChunkSize}`, {
        chunkPort: port,
      });
    }
    const failure = this.#current.checkChunk(size);
    if (failure === undefined) this.#chunkDue = size;
    return failure;
  }

  #switchTo(assembly: MessageAssembly): void {
    if (assembly === this.#current) return;
    // What one gathers in the input must not be moved over what the other has gathered there.
    this.#current.flush();
    this.#current = assembly;
  }

  #fail(failure: VdAgentError): void {
    this.#failure = failure;
    this.#client.reset();
    this.#server.reset();
    this.#handler.error(failure);
  }

  /** The server port's handler: passes everything on, and ends the client's message where the client is reported gone. */
  #observing(handler: MessageHandler): MessageHandler {
    return {
      message: (chunkPort, header, body) => {
        if (header.type === MessageType.CLIENT_DISCONNECTED) this.#client.reset();
        handler.message(chunkPort, header, body);
      },
      streamStart: (chunkPort, header) => handler.streamStart(chunkPort, header),
      streamData: (chunkPort, piece) => handler.streamData(chunkPort, piece),
      streamEnd: (chunkPort) => handler.streamEnd(chunkPort),
      streamAbort: (chunkPort) => handler.streamAbort(chunkPort),
      error: (error) => handler.error(error),
    };
  }
}
