import type { RpcError } from '../../peer/index.ts';
import { PIECE_QUEUE_HIGH_WATER_BYTES } from '../limits.ts';
import { PieceList } from './piece-list.ts';
import type { PieceSource } from './source.ts';

/** Settings of a {@link PieceQueue}. */
export interface PieceQueueOptions {
  /** Bytes held before {@link PieceQueue.write} asks to pause; {@link PIECE_QUEUE_HIGH_WATER_BYTES} if not given. */
  readonly highWaterBytes?: number;
  /** The reader has gone: nothing more is needed. */
  readonly onCancel?: (error: RpcError | undefined) => void;
}

/**
 * Content that is pushed in as it comes off another wire and read, once, by a transfer or a `for await`. Pieces are not copied; their memory must
 * not change after `write`. What is written in one turn of the event loop is sent together, so that pieces do not cost a frame and a write each.
 *
 * The bound is the producer's to keep: it pauses when `write` returns false, until `drained()`. Pieces already at hand may still be written.
 */
export class PieceQueue implements AsyncIterable<Uint8Array>, PieceSource {
  readonly #list = new PieceList();
  readonly #highWaterBytes: number;
  readonly #onCancel: ((error: RpcError | undefined) => void) | undefined;
  #ended = false;
  #cancelled = false;
  #revoked = false;
  #failure: { error: unknown } | undefined;
  #reading = false;
  #waiting: (() => void) | undefined;
  #waking: NodeJS.Immediate | undefined;
  #draining: (() => void)[] = [];

  constructor(options: PieceQueueOptions = {}) {
    this.#highWaterBytes = options.highWaterBytes ?? PIECE_QUEUE_HIGH_WATER_BYTES;
    this.#onCancel = options.onCancel;
  }

  /** Bytes written and not yet read. */
  get available(): number {
    return this.#list.byteLength;
  }

  /** Whether `end` or `fail` was called. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether the reader has gone; what is written is then discarded. */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** What `fail` was called with. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /**
   * Adds a piece.
   * @returns whether more is welcome now; `true` also when the reader has gone, or may not have it any more
   * @throws {Error} after `end` or `fail`
   */
  write(piece: Uint8Array): boolean {
    if (this.#revoked) return true;
    if (this.#ended) throw new Error('PieceQueue: write after end');
    if (this.#cancelled) return true;
    this.#list.push(piece);
    if (piece.byteLength > 0 && this.#waiting !== undefined) this.#waking ??= setImmediate(() => this.#wakeNow());
    return this.#list.byteLength < this.#highWaterBytes;
  }

  /** Resolves when more is welcome: the queue is below its mark, or its reader has gone. */
  drained(): Promise<void> {
    if (this.#cancelled || this.#list.byteLength < this.#highWaterBytes) return Promise.resolve();
    return new Promise((resolve) => this.#draining.push(resolve));
  }

  /** The content is complete. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#wake();
  }

  /** The content cannot be completed. What has not been read is dropped; the reader gets the error. */
  fail(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = { error };
    this.#list.clear();
    this.#drain();
    this.#wake();
  }

  /** The reader may not have it any more: what has not been read is dropped, also if it was complete, and the reader gets the error. */
  revoke(error: Error): void {
    if (this.#cancelled || (this.#ended && this.#list.byteLength === 0)) return;
    this.#revoked = true;
    this.#ended = false;
    this.fail(error);
  }

  take(maxBytes: number): Uint8Array[] {
    const taken = this.#list.take(maxBytes);
    if (this.#list.byteLength < this.#highWaterBytes) this.#drain();
    return taken;
  }

  more(callback: () => void): void {
    this.#waiting = callback;
    if (this.#ended) this.#wake();
  }

  cancel(error?: RpcError): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    const complete = this.#ended && this.#list.byteLength === 0;
    this.#list.clear();
    this.#drain();
    this.#wake();
    if (!complete) this.#onCancel?.(error);
  }

  /** Reads the pieces; leaving the loop early cancels. @throws {Error} if it is being read already */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    if (this.#reading) throw new Error('PieceQueue: it can be read only once');
    this.#reading = true;
    return {
      next: async () => {
        while (this.#list.byteLength === 0 && !this.#ended && !this.#cancelled) {
          await new Promise<void>((resolve) => this.more(resolve));
        }
        const [piece] = this.#list.take(Number.POSITIVE_INFINITY, 1);
        if (this.#list.byteLength < this.#highWaterBytes) this.#drain();
        if (piece !== undefined) return { done: false, value: piece };
        if (this.#failure !== undefined) throw this.#failure.error;
        return { done: true, value: undefined };
      },
      return: async () => {
        this.cancel();
        return { done: true, value: undefined };
      },
    };
  }

  /** Nothing more comes: the reader need not wait for the end of the turn. */
  #wake(): void {
    if (this.#waiting !== undefined) queueMicrotask(() => this.#wakeNow());
  }

  #wakeNow(): void {
    if (this.#waking !== undefined) clearImmediate(this.#waking);
    this.#waking = undefined;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }

  #drain(): void {
    const draining = this.#draining;
    if (draining.length === 0) return;
    this.#draining = [];
    for (const resolve of draining) resolve();
  }
}
