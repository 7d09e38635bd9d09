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
 */
export class Fetch implements WindowUser {
  readonly #windows: RequestorWindows;
  readonly #window: number;
  readonly #forget: () => void;
  readonly #abort = new AbortController();
  readonly #late: NodeJS.Timeout;
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
    this.#late = setTimeout(fail, providerMs);
    this.#forget = ownership.onEnd(() => this.#settle(undefined));
    windows.acquire(window, this);
    ownership.content(target.type, this.#abort.signal).then((bytes) => this.#settle(encodeFor(target, bytes)), fail);
  }

  windowGone(): void {
    this.#settle(undefined);
  }

  #settle(bytes: Uint8Array | undefined): void {
    const done = this.#done;
    if (done === undefined) return;
    this.#done = undefined;
    clearTimeout(this.#late);
    this.#forget();
    done(bytes);
    // Released only now, so that a transfer that goes on keeps the window's events coming.
    this.#windows.release(this.#window, this);
    if (bytes === undefined) this.#abort.abort();
  }
}
