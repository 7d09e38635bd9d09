import type { StopSignal } from '../backend.ts';
import { WATCH_AFTER_MS } from '../limits.ts';
import type { TimerHandle, Timers } from '../timers.ts';
import { encodeFor, type OwnedTarget, type Ownership } from './ownership.ts';
import type { Refusals } from './refusals.ts';
import type { RequestorWindows, WindowUser } from './requestor-windows.ts';

/** What a fetch needs of the owner's side. */
export interface FetchContext {
  readonly windows: RequestorWindows;
  readonly refusals: Refusals;
  readonly providerMs: number;
  readonly timers: Timers;
  ended(fetch: Fetch): void;
}

/**
 * Gets the content of a target from the provider for one requestor, for as long as somebody waits for it:
 * the requestor's window lives, and the time-out has not passed. It goes on when the selection is lost meanwhile, because it was
 * asked for while we owned it (ICCCM 2.2); a provider that cannot give it any more rejects.
 *
 * The window is watched only once the provider has taken {@link WATCH_AFTER_MS}: most contents come sooner, and then
 * neither the requests for that nor what they tell are needed.
 *
 * To the provider it is the signal as well: an AbortController for each paste would cost more than all else here.
 */
export class Fetch implements WindowUser, StopSignal {
  readonly #context: FetchContext;
  readonly #window: number;
  readonly #listeners = new Set<() => void>();
  #aborted = false;
  #timer: TimerHandle;
  #watching = false;
  #done: ((bytes: Uint8Array | undefined) => void) | undefined;

  /** @param done called once: with the content, or with undefined where it is to be refused */
  constructor(
    context: FetchContext,
    window: number,
    ownership: Ownership,
    target: OwnedTarget,
    done: (bytes: Uint8Array | undefined) => void,
  ) {
    const { windows, refusals, providerMs, timers } = context;
    this.#context = context;
    this.#window = window;
    this.#done = done;
    // Why a provider fails is its own to report; the requestor is refused.
    const fail = () => {
      if (this.#done !== undefined) refusals.add(window, ownership, target.type);
      this.#settle(undefined);
    };
    const content = ownership.content(target.type, this);
    content.then((bytes) => this.#settle(encodeFor(target, bytes)), fail);
    const watchAfter = Math.min(WATCH_AFTER_MS, providerMs);
    this.#timer = timers.set(() => {
      this.#timer = timers.set(fail, providerMs - watchAfter);
      this.#watching = true;
      windows.acquire(window, this);
    }, watchAfter);
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }

  windowGone(): void {
    this.#settle(undefined);
  }

  /** Nobody is served any more. */
  stop(): void {
    this.#settle(undefined);
  }

  #tellProvider(): void {
    this.#aborted = true;
    for (const listener of [...this.#listeners]) listener();
    this.#listeners.clear();
  }

  #settle(bytes: Uint8Array | undefined): void {
    const done = this.#done;
    if (done === undefined) return;
    this.#done = undefined;
    this.#context.timers.clear(this.#timer);
    this.#context.ended(this);
    done(bytes);
    // Released only now, so that a transfer that goes on keeps the window's events coming.
    if (this.#watching) this.#context.windows.release(this.#window, this);
    if (bytes === undefined) this.#tellProvider();
  }
}
