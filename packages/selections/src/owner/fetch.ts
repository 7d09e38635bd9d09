import { WATCH_AFTER_MS } from '../limits.ts';
import { encodeFor, type OwnedTarget, type Ownership } from './ownership.ts';
import type { Refusals } from './refusals.ts';
import type { RequestorWindows, WindowUser } from './requestor-windows.ts';

/** What a fetch needs of the owner's side. */
export interface FetchContext {
  readonly windows: RequestorWindows;
  readonly refusals: Refusals;
  readonly providerMs: number;
}

/**
 * Gets the content of a target from the provider for one requestor, for as long as somebody waits for it:
 * the requestor's window lives, ownership stands, and the time-out has not passed.
 *
 * The window is watched only once the provider has taken {@link WATCH_AFTER_MS}: most contents come sooner, and then
 * neither the requests for that nor what they tell are needed.
 */
export class Fetch implements WindowUser {
  readonly #windows: RequestorWindows;
  readonly #window: number;
  readonly #forget: () => void;
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout;
  #watching = false;
  #done: ((bytes: Uint8Array | undefined) => void) | undefined;

  /** @param done called once: with the content, or with undefined where it is to be refused */
  constructor(
    { windows, refusals, providerMs }: FetchContext,
    window: number,
    ownership: Ownership,
    target: OwnedTarget,
    done: (bytes: Uint8Array | undefined) => void,
  ) {
    this.#windows = windows;
    this.#window = window;
    this.#done = done;
    // Why a provider fails is its own to report; the requestor is refused.
    const fail = () => {
      if (this.#done !== undefined) refusals.add(window, ownership, target.type);
      this.#settle(undefined);
    };
    const watchAfter = Math.min(WATCH_AFTER_MS, providerMs);
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(fail, providerMs - watchAfter);
      this.#watching = true;
      windows.acquire(window, this);
    }, watchAfter);
    this.#forget = ownership.onEnd(() => this.#settle(undefined));
    ownership.content(target.type, this.#abort.signal).then((bytes) => this.#settle(encodeFor(target, bytes)), fail);
  }

  windowGone(): void {
    this.#settle(undefined);
  }

  #settle(bytes: Uint8Array | undefined): void {
    const done = this.#done;
    if (done === undefined) return;
    this.#done = undefined;
    clearTimeout(this.#timer);
    this.#forget();
    done(bytes);
    // Released only now, so that a transfer that goes on keeps the window's events coming.
    if (this.#watching) this.#windows.release(this.#window, this);
    if (bytes === undefined) this.#abort.abort();
  }
}
