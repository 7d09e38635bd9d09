import {
  DATA_FRAME_BYTES_MAX,
  FRAME_HEADER_BYTES,
  FRAME_TYPE_DATA,
  FRAME_TYPE_JSON,
  JSON_FRAME_BYTES_MAX,
  TRANSFER_ID_BYTES,
} from './constants.ts';
import { FrameError } from './errors.ts';

/** Takes what a {@link FrameParser} finds. All calls are synchronous and in the order of the stream. */
export interface FrameSink {
  /** A whole JSON frame. The payload is only lent until the call returns. */
  json(payload: Buffer): void;
  /** The header of a data frame: `length` bytes (at least 1) of content follow in one or more calls of {@link data}. */
  dataStart(transfer: number, length: number): void;
  /** Some of the content of the data frame last started, as it came off the stream: a view, not a copy. */
  data(transfer: number, piece: Buffer): void;
}

/** First allocation for a JSON frame that arrives in several reads; it doubles as bytes come in, so that a mere announcement costs nothing. */
const JSON_BUFFER_START_BYTES = 4096;

/**
 * Finds frames in a stream that is cut anywhere. JSON frames are gathered, data frames are handed on piece by piece without copying.
 * Lengths are checked when the header is complete, before anything is allocated.
 */
export class FrameParser {
  readonly #sink: FrameSink;
  readonly #jsonBytesMax: number;
  /** Header (and transfer id) of a frame that is split between reads. */
  readonly #header = Buffer.alloc(FRAME_HEADER_BYTES + TRANSFER_ID_BYTES);
  #headerFilled = 0;
  /** Bytes of the current frame's body still to come; 0 between frames. */
  #remaining = 0;
  /** Transfer of the current data frame, or -1 while the body is that of a JSON frame. */
  #transfer = -1;
  #json: Buffer = Buffer.alloc(0);
  #jsonFilled = 0;
  #stopped = false;

  /** @param options.jsonBytesMax a lower limit than {@link JSON_FRAME_BYTES_MAX} for JSON frames */
  constructor(sink: FrameSink, options: { jsonBytesMax?: number } = {}) {
    this.#sink = sink;
    this.#jsonBytesMax = Math.min(options.jsonBytesMax ?? JSON_FRAME_BYTES_MAX, JSON_FRAME_BYTES_MAX);
  }

  /**
   * Takes the next bytes of the stream.
   * @throws {FrameError} where they are not frames; the parser takes nothing more after that
   */
  push(chunk: Buffer): void {
    let offset = 0;
    while (offset < chunk.length && !this.#stopped) {
      offset = this.#remaining === 0 ? this.#takeHeader(chunk, offset) : this.#takeBody(chunk, offset);
    }
  }

  /** Takes nothing more: may be called from within the sink, also for the rest of the bytes being parsed. */
  stop(): void {
    this.#stopped = true;
    this.#json = Buffer.alloc(0);
  }

  /**
   * The stream has ended.
   * @throws {FrameError} `frame-truncated` if it ended inside a frame
   */
  end(): void {
    if (!this.#stopped && (this.#headerFilled > 0 || this.#remaining > 0)) {
      throw this.#error('frame-truncated', 'the stream ended inside a frame');
    }
  }

  #takeHeader(chunk: Buffer, start: number): number {
    // Mostly it is all there: then it is read where it lies.
    if (this.#headerFilled === 0 && chunk.length - start >= this.#header.length) {
      this.#checkHeader(chunk, start);
      return start + this.#begin(chunk, start);
    }
    let offset = this.#fillHeader(chunk, start, FRAME_HEADER_BYTES);
    if (this.#headerFilled < FRAME_HEADER_BYTES) return offset;
    // At once, however long the rest may take.
    if (this.#headerFilled === FRAME_HEADER_BYTES) this.#checkHeader(this.#header, 0);
    const whole = this.#header[4] === FRAME_TYPE_JSON ? FRAME_HEADER_BYTES : this.#header.length;
    offset = this.#fillHeader(chunk, offset, whole);
    if (this.#headerFilled < whole) return offset;
    this.#headerFilled = 0;
    this.#begin(this.#header, 0);
    return offset;
  }

  /** Begins the frame whose header, which has been checked, is in `bytes` at `start`. @returns how long the header is */
  #begin(bytes: Buffer, start: number): number {
    const length = bytes.readUInt32LE(start);
    if (bytes[start + 4] === FRAME_TYPE_JSON) {
      this.#transfer = -1;
      this.#remaining = length;
      return FRAME_HEADER_BYTES;
    }
    this.#transfer = bytes.readUInt32LE(start + FRAME_HEADER_BYTES);
    this.#remaining = length - TRANSFER_ID_BYTES;
    this.#sink.dataStart(this.#transfer, this.#remaining);
    return FRAME_HEADER_BYTES + TRANSFER_ID_BYTES;
  }

  #fillHeader(chunk: Buffer, offset: number, target: number): number {
    const end = Math.min(chunk.length, offset + target - this.#headerFilled);
    if (end <= offset) return offset;
    chunk.copy(this.#header, this.#headerFilled, offset, end);
    this.#headerFilled += end - offset;
    return end;
  }

  #checkHeader(bytes: Buffer, start: number): void {
    const length = bytes.readUInt32LE(start);
    const type = bytes[start + 4];
    if (type === FRAME_TYPE_JSON) this.#checkLength('JSON', length, 1, this.#jsonBytesMax);
    else if (type === FRAME_TYPE_DATA) this.#checkLength('data', length, TRANSFER_ID_BYTES + 1, DATA_FRAME_BYTES_MAX);
    else {
      const known = `known are ${FRAME_TYPE_JSON} and ${FRAME_TYPE_DATA}`;
      throw this.#error('unknown-frame-type', `frame of unknown type ${type}; ${known}`);
    }
  }

  #checkLength(kind: string, length: number, least: number, most: number): void {
    if (length < least) throw this.#error('frame-too-short', `${kind} frame of ${length} bytes; the least is ${least}`);
    if (length > most) throw this.#error('frame-too-large', `${kind} frame of ${length} bytes; the limit is ${most}`);
  }

  #takeBody(chunk: Buffer, offset: number): number {
    const end = Math.min(chunk.length, offset + this.#remaining);
    this.#remaining -= end - offset;
    if (this.#transfer >= 0) this.#sink.data(this.#transfer, chunk.subarray(offset, end));
    else this.#takeJson(chunk.subarray(offset, end));
    return end;
  }

  #takeJson(part: Buffer): void {
    if (this.#remaining === 0 && this.#jsonFilled === 0) {
      this.#sink.json(part);
      return;
    }
    const filled = this.#jsonFilled + part.length;
    if (filled > this.#json.length) {
      const wanted = Math.max(filled, this.#json.length * 2, JSON_BUFFER_START_BYTES);
      const grown = Buffer.allocUnsafe(Math.min(wanted, filled + this.#remaining));
      this.#json.copy(grown, 0, 0, this.#jsonFilled);
      this.#json = grown;
    }
    part.copy(this.#json, this.#jsonFilled);
    this.#jsonFilled = filled;
    if (this.#remaining > 0) return;
    const payload = this.#json.subarray(0, filled);
    this.#json = Buffer.alloc(0);
    this.#jsonFilled = 0;
    this.#sink.json(payload);
  }

  #error(code: FrameError['code'], message: string): FrameError {
    this.stop();
    return new FrameError(code, message);
  }
}
