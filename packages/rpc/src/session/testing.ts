import { Duplex } from 'node:stream';
import { encodeDataFrame, encodeJsonFrame, FrameParser } from '../frame/index.ts';
import type { TimerHandle, Timers } from '../peer/index.ts';

/** Helpers of this package's tests; not exported from the package. */

/** One end of a pair: what is written at one end is read at the other, with back-pressure. */
class PairedStream extends Duplex {
  other: PairedStream | undefined;
  #written: (() => void) | undefined;

  override _write(chunk: Buffer, _encoding: string, written: () => void): void {
    const { other } = this;
    if (other === undefined || other.destroyed) return written();
    if (other.push(chunk)) setImmediate(written);
    else other.#written = written;
  }

  override _read(): void {
    const written = this.#written;
    this.#written = undefined;
    if (written) setImmediate(written);
  }

  override _final(done: () => void): void {
    this.other?.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this._read();
    const { other } = this;
    if (other !== undefined && !other.destroyed) setImmediate(() => other.push(null));
    done(error);
  }
}

/** Two streams, joined. */
export function streamPair(): [Duplex, Duplex] {
  const left = new PairedStream({ allowHalfOpen: false });
  const right = new PairedStream({ allowHalfOpen: false });
  left.other = right;
  right.other = left;
  return [left, right];
}

/** A clock that stands still until it is told to go on. */
export class FakeTimers implements Timers {
  #now = 0;
  readonly #timers = new Map<object, { at: number; callback: () => void }>();

  set(callback: () => void, milliseconds: number): TimerHandle {
    const handle = {};
    this.#timers.set(handle, { at: this.#now + milliseconds, callback });
    return handle;
  }

  clear(handle: TimerHandle): void {
    this.#timers.delete(handle as object);
  }

  /** Timers that would wake the process. */
  get running(): number {
    return this.#timers.size;
  }

  /** Lets time pass. */
  advance(milliseconds: number): void {
    this.#now += milliseconds;
    for (const [handle, { at, callback }] of [...this.#timers]) {
      if (at > this.#now || !this.#timers.delete(handle)) continue;
      callback();
    }
  }
}

/** What came off a wire. */
export type Received =
  | { readonly json: Record<string, unknown> }
  | { readonly transfer: number; readonly bytes: number }
  | { readonly end: true };

/** The other end of a wire, written by hand: sends any bytes, shows every frame. */
export class RawPeer {
  readonly stream: Duplex;
  readonly #received: Received[] = [];
  #waiting: (() => void) | undefined;
  /** Content received, by transfer. */
  readonly content = new Map<number, Buffer>();

  constructor(stream: Duplex, options: { reading?: boolean } = {}) {
    this.stream = stream;
    if (options.reading !== false) this.read();
  }

  /** Begins to read. */
  read(): void {
    let frameBytes = 0;
    let missing = 0;
    const parser = new FrameParser({
      json: (payload) => this.#add({ json: JSON.parse(payload.toString()) as Record<string, unknown> }),
      dataStart: (transfer, length) => {
        frameBytes = length;
        missing = length;
        this.content.set(transfer, this.content.get(transfer) ?? Buffer.alloc(0));
      },
      data: (transfer, piece) => {
        this.content.set(transfer, Buffer.concat([this.content.get(transfer) ?? Buffer.alloc(0), piece]));
        missing -= piece.length;
        if (missing === 0) this.#add({ transfer, bytes: frameBytes });
      },
    });
    this.stream.on('data', (chunk: Buffer) => parser.push(chunk));
    this.stream.on('end', () => this.#add({ end: true }));
    this.stream.on('error', () => undefined);
  }

  /** Sends a JSON message. */
  send(message: object): void {
    this.stream.write(encodeJsonFrame(JSON.stringify({ jsonrpc: '2.0', ...message })));
  }

  /** Sends a data frame. */
  data(transfer: number, content: Uint8Array): void {
    this.stream.write(Buffer.concat(encodeDataFrame(transfer, [content])));
  }

  /** Sends several messages and frames in one write. */
  together(...frames: (object | [number, Uint8Array])[]): void {
    const encoded = frames.map((frame) =>
      Array.isArray(frame)
        ? Buffer.concat(encodeDataFrame(frame[0], [frame[1]]))
        : encodeJsonFrame(JSON.stringify({ jsonrpc: '2.0', ...frame })),
    );
    this.stream.write(Buffer.concat(encoded));
  }

  /** The next message, data frame or end. */
  async next(): Promise<Received> {
    while (this.#received.length === 0) await new Promise<void>((resolve) => (this.#waiting = resolve));
    return this.#received.shift() as Received;
  }

  /** The next message; data frames before it are left out. */
  async nextJson(): Promise<Record<string, unknown>> {
    for (;;) {
      const received = await this.next();
      if ('json' in received) return received.json;
      if ('end' in received) throw new Error('the stream ended');
    }
  }

  #add(received: Received): void {
    this.#received.push(received);
    this.#waiting?.();
    this.#waiting = undefined;
  }
}

/** Everything that is under way between two streams of a pair has arrived. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
