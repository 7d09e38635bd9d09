import {
  Cancellation,
  type CancelSignal,
  RpcError,
  type Selection,
  SHARED_TIMERS,
  type TimerHandle,
  type Timers,
} from '@clipmux/rpc';
import type { StopSignal } from '@clipmux/selections';
import { CONTENT_LINGER_MS } from './limits.ts';

/** Fetches a whole content from clipmuxd. */
export type Fetch = (selection: Selection, type: string, signal: CancelSignal) => Promise<Uint8Array>;

/** One content that is being fetched, or was a moment ago. */
interface Entry {
  readonly content: Promise<Uint8Array>;
  readonly cancellation: Cancellation;
  /** Whether the content is there. */
  complete: boolean;
  /** Programs that wait for it. */
  waiting: number;
  linger: TimerHandle | null;
}

/**
 * What the host offers, as the session's programs ask for it. Programs that ask for the same at once share one transfer; the
 * content is kept a moment for the next, then dropped.
 */
export class HostContent {
  readonly #fetch: Fetch;
  readonly #timers: Timers;
  readonly #entries = new Map<string, Entry>();

  constructor(fetch: Fetch, timers: Timers = SHARED_TIMERS) {
    this.#fetch = fetch;
    this.#timers = timers;
  }

  /** The content. When nobody waits for it any more its transfer is cancelled. Rejects as the fetch does. */
  async get(selection: Selection, type: string, signal: StopSignal): Promise<Uint8Array> {
    if (signal.aborted) throw new RpcError('cancelled', 'no program waits for it any more');
    const key = keyOf(selection, type);
    const entry = this.#entries.get(key) ?? this.#begin(key, selection, type);
    if (entry.linger !== null) this.#timers.clear(entry.linger);
    entry.linger = null;
    entry.waiting += 1;
    const stop = () => this.#leave(key, entry);
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await entry.content;
    } finally {
      signal.removeEventListener('abort', stop);
      if (!signal.aborted) this.#leave(key, entry);
    }
  }

  /**
   * The host offers something else on this selection, or nothing. Who asks from now on gets nothing of before; who has asked already gets
   * what he asked for, if it still comes: clipmuxd breaks off what this session may not have any more.
   */
  drop(selection: Selection): void {
    for (const [key, entry] of this.#entries) {
      if (!key.startsWith(keyOf(selection, ''))) continue;
      if (entry.waiting > 0) this.#entries.delete(key);
      else this.#forget(key, entry);
    }
  }

  #begin(key: string, selection: Selection, type: string): Entry {
    const cancellation = new Cancellation();
    const content = this.#fetch(selection, type, cancellation);
    const entry: Entry = { content, cancellation, complete: false, waiting: 0, linger: null };
    this.#entries.set(key, entry);
    content.then(
      () => {
        entry.complete = true;
      },
      () => {
        // Those who wait are told; a failure is not kept for the next.
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
      },
    );
    return entry;
  }

  #leave(key: string, entry: Entry): void {
    entry.waiting -= 1;
    if (entry.waiting > 0) return;
    if (this.#entries.get(key) !== entry) {
      this.#forget(key, entry);
      return;
    }
    // Programs that give up often ask again at once, with another window; a transfer that is under way is worth that moment too.
    entry.linger = this.#timers.set(() => this.#forget(key, entry), CONTENT_LINGER_MS);
  }

  #forget(key: string, entry: Entry): void {
    if (entry.linger !== null) this.#timers.clear(entry.linger);
    entry.linger = null;
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
    if (!entry.complete) entry.cancellation.abort(new RpcError('cancelled', 'no program waits for it any more'));
  }
}

function keyOf(selection: Selection, type: string): string {
  return `${selection} ${type}`;
}
