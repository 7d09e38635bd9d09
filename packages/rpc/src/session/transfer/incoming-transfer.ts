import { RpcError, type TimerHandle, type Timers } from '../../peer/index.ts';
import { TRANSFER_CREDIT_STEP_BYTES, TRANSFER_WINDOW_BYTES } from '../limits.ts';
import { PieceList } from './piece-list.ts';
import type { PieceSource } from './source.ts';

/** What a transfer tells its surroundings. */
interface IncomingTransferEvents {
  /** The reader has taken so many bytes: the sender may send as many more. */
  credit(bytes: number): void;
  /** It was given up on this side; the sender is to be told. */
  cancelled(error: RpcError): void;
  /** All bytes are here, or it failed; nothing more is expected. */
  over(error: RpcError | undefined): void;
}

interface Waiter {
  resolve(result: IteratorResult<Uint8Array, undefined>): void;
  reject(error: RpcError): void;
}

/** A buffer that takes the content as it comes. */
interface Destination {
  readonly bytes: Uint8Array;
  filled: number;
  resolve(): void;
  reject(error: RpcError): void;
}

/**
 * One transfer on the receiving side: asked for, then announced, then received under the window, and read at the reader's speed, in one of
 * three ways: as an iterable, as a source of all that is there, or into a buffer.
 */
export class IncomingTransfer implements AsyncIterable<Uint8Array>, PieceSource {
  readonly id: number;
  readonly #stallTimeoutMs: number;
  readonly #timers: Timers;
  readonly #events: IncomingTransferEvents;
  readonly #pieces = new PieceList();
  #state: 'asked' | 'receiving' | 'complete' | 'failed' = 'asked';
  #size = 0;
  #type = '';
  /** Bytes announced by frame headers so far. */
  #framed = 0;
  #received = 0;
  /** Bytes that the sender may send in all, as far as it has been told. */
  #granted = TRANSFER_WINDOW_BYTES;
  /** Bytes read since the last credit. */
  #uncredited = 0;
  #failure: RpcError | undefined;
  #reading = false;
  #waiter: Waiter | undefined;
  /** Who is told of the next bytes, and when that is about to be done. */
  #moreCallback: (() => void) | undefined;
  #tellingMore: NodeJS.Immediate | undefined;
  #destination: Destination | undefined;
  #stallTimer: TimerHandle | undefined;

  constructor(id: number, stallTimeoutMs: number, timers: Timers, events: IncomingTransferEvents) {
    this.id = id;
    this.#stallTimeoutMs = stallTimeoutMs;
    this.#timers = timers;
    this.#events = events;
  }

  /** Bytes announced. */
  get size(): number {
    return this.#size;
  }

  /** Type announced. */
  get type(): string {
    return this.#type;
  }

  /** The sender has announced the content. */
  answered(size: number, type: string): void {
    if (this.#state !== 'asked') return;
    this.#size = size;
    this.#type = type;
    if (size === 0) this.#finish('complete', undefined);
    else this.#state = 'receiving';
  }

  /** A data frame begins. @throws {RpcError} `protocol-error` before the answer, past the announced size or past the window */
  frame(bytes: number): void {
    if (this.#state === 'asked') throw this.#violation('before the answer');
    if (this.#state !== 'receiving') return;
    this.#framed += bytes;
    if (this.#framed > this.#size) throw this.#violation(`past the ${this.#size} bytes announced`);
    if (this.#framed > this.#granted) throw this.#violation(`past the ${this.#granted} bytes that it had credit for`);
  }

  /** Some content. */
  data(piece: Uint8Array): void {
    if (this.#state !== 'receiving') return;
    this.#received += piece.byteLength;
    if (this.#destination !== undefined) return this.#fill(this.#destination, piece);
    const waiter = this.#stopWaiting();
    if (waiter === undefined) this.#pieces.pushCompact(piece, piece.byteLength === this.#size);
    if (this.#received === this.#size) this.#finish('complete', undefined);
    this.#scheduleMore();
    if (waiter !== undefined) {
      this.#taken(piece.byteLength);
      waiter.resolve({ done: false, value: piece });
    }
  }

  /** It failed: at the sender's word, or with the connection. What was not read is dropped. */
  fail(error: RpcError): void {
    if (this.#state === 'complete' || this.#state === 'failed') return;
    this.#failure = error;
    this.#pieces.clear();
    const waiter = this.#stopWaiting();
    const destination = this.#destination;
    this.#destination = undefined;
    this.#finish('failed', error);
    waiter?.reject(error);
    destination?.reject(error);
    this.#scheduleMore();
  }

  /** Bytes that can be taken now. */
  get available(): number {
    return this.#pieces.byteLength;
  }

  /** Whether nothing comes after what is available. */
  get ended(): boolean {
    return this.#state === 'complete' || this.#state === 'failed';
  }

  /** Why the rest does not come. */
  get failure(): { readonly error: RpcError } | undefined {
    return this.#failure && { error: this.#failure };
  }

  /** Takes up to so many bytes of what is there. */
  take(maxBytes: number): Uint8Array[] {
    const before = this.#pieces.byteLength;
    const taken = this.#pieces.take(maxBytes);
    this.#taken(before - this.#pieces.byteLength);
    return taken;
  }

  /** Calls back once, never from within this call, when more has come, or it is over. What comes in one turn is told of once. */
  more(callback: () => void): void {
    this.#moreCallback = callback;
    if (this.ended) return this.#scheduleMore();
    this.#awaitBytes();
  }

  /** Puts all of it into `bytes`, which are as many as were announced. @throws {RpcError} as the iterator */
  async gatherInto(bytes: Uint8Array): Promise<void> {
    let filled = 0;
    for (const piece of this.take(bytes.byteLength)) {
      bytes.set(piece, filled);
      filled += piece.byteLength;
    }
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#state === 'complete') return;
    await new Promise<void>((resolve, reject) => {
      this.#destination = { bytes, filled, resolve, reject };
      this.#awaitBytes();
    });
  }

  /** Gives it up and tells the sender, unless it is over. */
  cancel(error: RpcError): void {
    if (this.#state === 'complete' || this.#state === 'failed') return;
    this.fail(error);
    this.#events.cancelled(error);
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    if (this.#reading) throw new Error('the content of a transfer can be read only once');
    this.#reading = true;
    return {
      next: () => this.#next(),
      return: () => {
        this.cancel(new RpcError('cancelled', 'the reader stopped'));
        this.#pieces.clear();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      this.#taken(piece.byteLength);
      return Promise.resolve({ done: false, value: piece });
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#state === 'complete') return Promise.resolve({ done: true, value: undefined });
    if (this.#waiter !== undefined)
      return Promise.reject(new Error('the content of a transfer is read one piece at a time'));
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#awaitBytes();
    });
  }

  /** Straight into the buffer, without a promise for each piece. */
  #fill(destination: Destination, piece: Uint8Array): void {
    destination.bytes.set(piece, destination.filled);
    destination.filled += piece.byteLength;
    if (this.#received === this.#size) {
      this.#stopWaiting();
      this.#destination = undefined;
      this.#finish('complete', undefined);
      destination.resolve();
    } else {
      this.#awaitBytes();
      this.#taken(piece.byteLength);
    }
  }

  /** The last bytes are told of at once; before them, those of one turn together, so that they can be handed on together. */
  #scheduleMore(): void {
    if (this.#moreCallback === undefined) return;
    if (this.ended) queueMicrotask(() => this.#tellMore());
    else this.#tellingMore ??= setImmediate(() => this.#tellMore());
  }

  #tellMore(): void {
    if (this.#tellingMore !== undefined) clearImmediate(this.#tellingMore);
    this.#tellingMore = undefined;
    const callback = this.#moreCallback;
    this.#moreCallback = undefined;
    callback?.();
  }

  #awaitBytes(): void {
    if (this.#stallTimer !== undefined) this.#timers.clear(this.#stallTimer);
    const stalled = () => this.cancel(new RpcError('timed-out', `nothing came for ${this.#stallTimeoutMs} ms`));
    this.#stallTimer = this.#timers.set(stalled, this.#stallTimeoutMs);
  }

  #taken(bytes: number): void {
    this.#uncredited += bytes;
    if (this.#state !== 'receiving' || this.#granted >= this.#size || this.#uncredited < TRANSFER_CREDIT_STEP_BYTES)
      return;
    this.#granted += this.#uncredited;
    this.#events.credit(this.#uncredited);
    this.#uncredited = 0;
  }

  #stopWaiting(): Waiter | undefined {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (this.#stallTimer !== undefined) this.#timers.clear(this.#stallTimer);
    this.#stallTimer = undefined;
    return waiter;
  }

  #finish(state: 'complete' | 'failed', error: RpcError | undefined): void {
    this.#state = state;
    this.#events.over(error);
  }

  #violation(what: string): RpcError {
    return new RpcError('protocol-error', `data of transfer ${this.id} ${what}`);
  }
}
