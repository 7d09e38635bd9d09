import type { Duplex } from 'node:stream';
import { encodeDataFrame, encodeJsonFrame } from '../frame/index.ts';
import { OUTGOING_BYTES_MAX, OUTGOING_DATA_BYTES_MAX } from './limits.ts';

/** What a {@link FrameOutput} tells the wire. */
export interface FrameOutputEvents {
  /** The socket has taken a data frame. */
  written(): void;
  /** More than the bound is queued: the peer does not read. */
  overflow(): void;
}

/**
 * Writes frames to the stream and watches how much is queued for it. The frames of one turn, such as an answer and the content that
 * follows it, go out in one write: each write may wake the peer, and that costs more than a frame.
 */
export class FrameOutput {
  readonly #stream: Duplex;
  readonly #events: FrameOutputEvents;
  readonly #bytesMax: number;
  #ended = false;
  #gathering = false;

  constructor(stream: Duplex, events: FrameOutputEvents, bytesMax = OUTGOING_BYTES_MAX) {
    this.#stream = stream;
    this.#events = events;
    this.#bytesMax = bytesMax;
  }

  /** Whether enough data frames are queued for now. */
  get dataBlocked(): boolean {
    return this.#ended || this.#stream.writableLength >= OUTGOING_DATA_BYTES_MAX;
  }

  /** Sends a JSON frame. @throws {FrameError} if it is too large */
  json(message: object): void {
    if (this.#ended) return;
    const frame = encodeJsonFrame(JSON.stringify(message));
    this.#gather();
    this.#stream.write(frame);
    if (this.#stream.writableLength > this.#bytesMax) this.#events.overflow();
  }

  /** Sends a data frame. */
  data(transfer: number, pieces: readonly Uint8Array[]): void {
    if (this.#ended) return;
    const parts = encodeDataFrame(transfer, pieces);
    const last = parts.pop();
    this.#gather();
    for (const part of parts) this.#stream.write(part);
    this.#stream.write(last, (error) => {
      if (!error) this.#events.written();
    });
  }

  /** Sends nothing more; what is queued still goes out. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stream.end();
  }

  /** Holds back what is written until the present turn, with the promises that it settles, is over. */
  #gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    this.#stream.cork();
    process.nextTick(() => {
      this.#gathering = false;
      this.#stream.uncork();
    });
  }
}
