import type { RpcError } from '../../peer/index.ts';
import { PieceList } from './piece-list.ts';

/** Content as the sender of a transfer takes it: whatever is there now, as much as fits a frame. */
export interface PieceSource {
  /** Bytes that can be taken now. */
  readonly available: number;
  /** Whether nothing comes after what is available. */
  readonly ended: boolean;
  /** Why the source cannot go on, if it cannot; then nothing is available. */
  readonly failure: { readonly error: unknown } | undefined;
  /** Takes up to so many bytes. They belong to the taker: their memory must not change any more. */
  take(maxBytes: number): Uint8Array[];
  /** Calls back once, never from within this call, when there is more, or an end, or a failure. */
  more(callback: () => void): void;
  /** The taker wants nothing more. */
  cancel(error: RpcError): void;
}

/** The source of any content that a handler may return. */
export function sourceOf(
  content: Uint8Array | AsyncIterable<Uint8Array> | (PieceSource & AsyncIterable<Uint8Array>),
): PieceSource {
  if (content instanceof Uint8Array) return new BytesSource(content);
  if ('take' in content && 'more' in content) return content;
  return new IterableSource(content);
}

class BytesSource implements PieceSource {
  readonly ended = true;
  readonly failure = undefined;
  readonly #list = new PieceList();

  constructor(bytes: Uint8Array) {
    this.#list.push(bytes);
  }

  get available(): number {
    return this.#list.byteLength;
  }

  take(maxBytes: number): Uint8Array[] {
    return this.#list.take(maxBytes);
  }

  more(callback: () => void): void {
    queueMicrotask(callback);
  }

  cancel(): void {
    this.#list.clear();
  }
}

/** Pulls an iterator one piece ahead, and only when asked for more. */
class IterableSource implements PieceSource {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #list = new PieceList();
  #ended = false;
  #cancelled = false;
  #failure: { error: unknown } | undefined;

  constructor(content: AsyncIterable<Uint8Array>) {
    this.#iterator = content[Symbol.asyncIterator]();
  }

  get available(): number {
    return this.#list.byteLength;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  take(maxBytes: number): Uint8Array[] {
    return this.#list.take(maxBytes);
  }

  more(callback: () => void): void {
    void this.#pull().then(callback);
  }

  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#list.clear();
    if (this.#ended) return;
    // Nobody is left to be told that its clean-up failed.
    Promise.resolve(this.#iterator.return?.()).catch(() => undefined);
  }

  async #pull(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#iterator.next();
        if (done === true) this.#ended = true;
        else if (this.#cancelled) return;
        else if (value.byteLength === 0) continue;
        else this.#list.push(value);
        return;
      }
    } catch (error) {
      this.#ended = true;
      this.#list.clear();
      this.#failure = { error };
    }
  }
}
