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

/** Writes frames to the stream and watches how much is queued for it. */
export class FrameOutput {
  readonly #stream: Duplex;
  readonly #events: FrameOutputEvents;
  readonly #bytesMax: number;
  #ended = false;

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
    this.#stream.write(encodeJsonFrame(JSON.stringify(message)));
    if (this.#stream.writableLength > this.#bytesMax) this.#events.overflow();
  }

  /** Sends a data frame. */
  data(transfer: number, pieces: readonly Uint8Array[]): void {
    if (this.#ended) return;
    const parts = encodeDataFrame(transfer, pieces);
    const last = parts.pop();
    this.#stream.cork();
    for (const part of parts) this.#stream.write(part);
    this.#stream.write(last, (error) => {
      if (!error) this.#events.written();
    });
    this.#stream.uncork();
  }

  /** Calls `send` at once; its frames go out in one write, because each write may wake the peer, and that costs more than a frame. */
  together(send: () => void): void {
    this.#stream.cork();
    try {
      send();
    } finally {
      this.#stream.uncork();
    }
  }

  /** Sends nothing more; what is queued still goes out. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stream.end();
  }
}
