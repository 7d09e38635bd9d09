import type { Duplex } from 'node:stream';
import { asciiJsonFrame, encodeDataFrame, encodeJsonFrame } from '../frame/index.ts';
import { OUTGOING_BYTES_MAX, OUTGOING_DATA_BYTES_MAX } from './limits.ts';

/** What a {@link FrameOutput} tells the wire. */
export interface FrameOutputEvents {
  /** The socket has taken a data frame. */
  written(): void;
  /** More than the bound is queued: the peer does not read. */
  overflow(): void;
}

/** Frames that go out together are copied into one buffer if they are no larger than this in all: one small write costs less than a vector of them. */
const JOINED_BYTES_MAX = 16 * 1024;

/** What goes out together, until all of it is there. */
interface Gathered {
  /** Bytes; or a string with a character for each byte. */
  readonly parts: (Uint8Array | string)[];
  bytes: number;
  /** Whether a data frame is among them. */
  data: boolean;
}

/** Writes frames to the stream and watches how much is queued for it. */
export class FrameOutput {
  readonly #stream: Duplex;
  readonly #events: FrameOutputEvents;
  readonly #bytesMax: number;
  readonly #written = (error: Error | null | undefined): void => {
    if (!error) this.#events.written();
  };
  #gathered: Gathered | null = null;
  #ended = false;

  constructor(stream: Duplex, events: FrameOutputEvents, bytesMax = OUTGOING_BYTES_MAX) {
    this.#stream = stream;
    this.#events = events;
    this.#bytesMax = bytesMax;
  }

  /** Whether enough data frames are queued for now. */
  get dataBlocked(): boolean {
    return this.#ended || this.#stream.writableLength + (this.#gathered?.bytes ?? 0) >= OUTGOING_DATA_BYTES_MAX;
  }

  /** Sends a JSON frame. @throws {FrameError} if it is too large */
  json(message: object): void {
    if (this.#ended) return;
    const json = JSON.stringify(message);
    const frame = asciiJsonFrame(json) ?? encodeJsonFrame(json);
    if (this.#gathered !== null) {
      this.#gather([frame]);
      return;
    }
    this.#stream.write(frame, 'latin1'); // of a string; for bytes this means nothing
    this.#checkOverflow();
  }

  /** Sends a data frame. */
  data(transfer: number, pieces: readonly Uint8Array[]): void {
    if (this.#ended) return;
    const parts = encodeDataFrame(transfer, pieces);
    if (this.#gathered === null) {
      this.#write(parts, true);
      return;
    }
    this.#gathered.data = true;
    this.#gather(parts);
  }

  /** Calls `send` at once; its frames go out in one write, because each write may wake the peer, and that costs more than a frame. */
  together(send: () => void): void {
    if (this.#gathered !== null) {
      send();
      return;
    }
    this.#gathered = { parts: [], bytes: 0, data: false };
    try {
      send();
    } finally {
      this.#flush();
    }
  }

  /** Sends nothing more; what is queued still goes out. */
  end(): void {
    if (this.#ended) return;
    this.#flush();
    this.#ended = true;
    this.#stream.end();
  }

  #gather(parts: readonly (Uint8Array | string)[]): void {
    const gathered = this.#gathered;
    if (gathered === null) return;
    for (const part of parts) {
      gathered.parts.push(part);
      gathered.bytes += part.length;
    }
  }

  #flush(): void {
    const gathered = this.#gathered;
    this.#gathered = null;
    if (gathered === null || gathered.parts.length === 0) return;
    const { parts, bytes, data } = gathered;
    this.#write(parts.length > 1 && bytes <= JOINED_BYTES_MAX ? [join(parts, bytes)] : parts, data);
    this.#checkOverflow();
  }

  #write(parts: readonly (Uint8Array | string)[], data: boolean): void {
    const stream = this.#stream;
    const written = data ? this.#written : undefined;
    const [first] = parts;
    if (first !== undefined && parts.length === 1) {
      stream.write(first, 'latin1', written);
      return;
    }
    stream.cork();
    for (const [index, part] of parts.entries()) {
      stream.write(part, 'latin1', index === parts.length - 1 ? written : undefined);
    }
    stream.uncork();
  }

  #checkOverflow(): void {
    if (this.#stream.writableLength > this.#bytesMax) this.#events.overflow();
  }
}

function join(parts: readonly (Uint8Array | string)[], length: number): Buffer {
  const joined = Buffer.allocUnsafe(length);
  let end = 0;
  for (const part of parts) {
    if (typeof part === 'string') joined.write(part, end, 'latin1');
    else joined.set(part, end);
    end += part.length;
  }
  return joined;
}
