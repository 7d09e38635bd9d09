import { type ChunkPort, MESSAGE_HEADER_SIZE, VD_AGENT_PROTOCOL } from '../constants.ts';
import { VdAgentError } from '../errors.ts';
import { messageTypeName } from '../names.ts';
import type { MessageHandler } from './handler.ts';
import { type MessageHeader, readMessageHeader } from './header.ts';

/** What a {@link MessageAssembly} does with the body of the message that it is in. */
type Mode = 'header' | 'collect' | 'stream' | 'skip';

/** The limits and choices of a reader, complete. */
export interface AssemblySettings {
  readonly streams: (header: MessageHeader) => boolean;
  readonly maxMessageSize: (type: number) => number;
  readonly maxStreamedSize: number;
  /** Whether what one input holds of a streamed body is moved together in it and handed on as one piece. */
  readonly gathers: boolean;
}

/** Puts the messages of one chunk port together from the payload of its chunks. */
export class MessageAssembly {
  readonly #port: ChunkPort;
  readonly #handler: MessageHandler;
  readonly #settings: AssemblySettings;
  readonly #headerBytes = new Uint8Array(MESSAGE_HEADER_SIZE);
  #mode: Mode = 'header';
  /** Bytes of the header, or of the body, that are still to come. */
  #due = MESSAGE_HEADER_SIZE;
  #header: MessageHeader | undefined;
  #body: Uint8Array | undefined;
  /** The input in which a piece of the streamed body is being gathered, and where it begins and ends. */
  #gathering: Uint8Array | undefined;
  #gatheredFrom = 0;
  #gatheredTo = 0;

  constructor(port: ChunkPort, handler: MessageHandler, settings: AssemblySettings) {
    this.#port = port;
    this.#handler = handler;
    this.#settings = settings;
  }

  /** Whether a chunk with this much payload may come now; else the error to report. */
  checkChunk(size: number): VdAgentError | undefined {
    if (this.#mode !== 'header') return size > this.#due ? this.#overrun(size - this.#due) : undefined;
    if (size >= MESSAGE_HEADER_SIZE) return undefined;
    return new VdAgentError(
      'message-header-split',
      `the first chunk of a message holds ${size} bytes: less than its header of ${MESSAGE_HEADER_SIZE}`,
      { chunkPort: this.#port },
    );
  }

  /**
   * Takes payload bytes `start` to `end` of `bytes`, of which `checkChunk` has approved.
   * `behind` is how many bytes of the same chunk follow after `end`. Returns an error that ends the link, if there is one.
   */
  take(bytes: Uint8Array, start: number, end: number, behind: number): VdAgentError | undefined {
    let offset = start;
    if (this.#mode === 'header') {
      const length = Math.min(this.#due, end - offset);
      this.#headerBytes.set(bytes.subarray(offset, offset + length), MESSAGE_HEADER_SIZE - this.#due);
      this.#due -= length;
      offset += length;
      if (this.#due > 0) return undefined;
      return this.#begin(bytes, offset, end, behind);
    }
    this.#takeBody(bytes, offset, end);
    return undefined;
  }

  /** Hands on what was gathered: the input is used up, or the message is. */
  flush(): void {
    const bytes = this.#gathering;
    if (bytes === undefined) return;
    this.#gathering = undefined;
    this.#handler.streamData(this.#port, bytes.subarray(this.#gatheredFrom, this.#gatheredTo));
  }

  /** Forgets the message that it is in. Tells the handler if that was being streamed. */
  reset(): void {
    const streaming = this.#mode === 'stream';
    this.#toHeader();
    if (streaming) this.#handler.streamAbort(this.#port);
  }

  #begin(bytes: Uint8Array, offset: number, end: number, behind: number): VdAgentError | undefined {
    const header = readMessageHeader(this.#headerBytes);
    this.#header = header;
    const context = { chunkPort: this.#port, header };
    if (header.protocol !== VD_AGENT_PROTOCOL) {
      return new VdAgentError('unsupported-protocol', `a message of protocol ${header.protocol}, not 1`, context);
    }
    const inChunk = end - offset + behind;
    if (inChunk > header.size) return this.#overrun(inChunk - header.size);
    this.#due = header.size;
    if (this.#settings.streams(header)) {
      if (header.size > this.#settings.maxStreamedSize) {
        this.#mode = 'skip';
        this.#tooLarge('streamed-message-too-large', header, this.#settings.maxStreamedSize);
      } else {
        this.#mode = 'stream';
        this.#handler.streamStart(this.#port, header);
      }
    } else {
      const limit = this.#settings.maxMessageSize(header.type);
      if (header.size > limit) {
        this.#mode = 'skip';
        this.#tooLarge('message-too-large', header, limit);
      } else {
        this.#mode = 'collect';
        this.#body = new Uint8Array(header.size);
      }
    }
    // The handler may have reset the reader: then this message is over, and the reader drops the rest of its input.
    if (this.#header === header) this.#takeBody(bytes, offset, end);
    return undefined;
  }

  #takeBody(bytes: Uint8Array, offset: number, end: number): void {
    const header = this.#header as MessageHeader; // set for as long as the mode is not 'header'
    const length = end - offset;
    if (length > 0) {
      const due = this.#due;
      this.#due = due - length;
      if (this.#mode === 'stream') {
        this.#stream(bytes, offset, end);
        if (this.#header !== header) return;
      } else if (this.#body !== undefined) {
        this.#body.set(bytes.subarray(offset, end), header.size - due);
      }
    }
    if (this.#due > 0) return;
    const mode = this.#mode;
    const body = this.#body;
    this.#toHeader();
    if (mode === 'stream') this.#handler.streamEnd(this.#port);
    else if (body !== undefined) this.#handler.message(this.#port, header, body);
  }

  #stream(bytes: Uint8Array, offset: number, end: number): void {
    if (bytes === this.#gathering) {
      bytes.copyWithin(this.#gatheredTo, offset, end);
      this.#gatheredTo += end - offset;
    } else {
      this.#gathering = bytes;
      this.#gatheredFrom = offset;
      this.#gatheredTo = end;
    }
    if (this.#due === 0 || !this.#settings.gathers) this.flush();
  }

  #toHeader(): void {
    this.#gathering = undefined;
    this.#mode = 'header';
    this.#due = MESSAGE_HEADER_SIZE;
    this.#header = undefined;
    this.#body = undefined;
  }

  #overrun(excess: number): VdAgentError {
    const header = this.#header as MessageHeader; // only called within a message
    return new VdAgentError(
      'message-overrun',
      `a ${messageTypeName(header.type)} message of ${header.size} bytes is followed by ${excess} more in its chunk`,
      { chunkPort: this.#port, header },
    );
  }

  #tooLarge(code: 'message-too-large' | 'streamed-message-too-large', header: MessageHeader, limit: number): void {
    this.#handler.error(
      new VdAgentError(
        code,
        `a ${messageTypeName(header.type)} message of ${header.size} bytes is skipped: the limit is ${limit}`,
        { chunkPort: this.#port, header },
      ),
    );
  }
}
