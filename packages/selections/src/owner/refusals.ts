import { REFUSAL_MEMORY_MS } from '../limits.ts';
import type { RequestorWindows, WindowUser } from './requestor-windows.ts';

/** What one window was refused: only for as long as the window and the offer are the same. */
class Refusal implements WindowUser {
  readonly offer: object;
  readonly types = new Set<string>();
  readonly windowGone: () => void;
  readonly timer: NodeJS.Timeout;

  constructor(offer: object, forget: () => void) {
    this.offer = offer;
    this.windowGone = forget;
    this.timer = setTimeout(forget, REFUSAL_MEMORY_MS);
  }
}

/**
 * Which requestors were just refused which type. A program that is refused text under one target asks for it under the next at once
 * (xclip: UTF8_STRING, then STRING; GTK: four targets): each of these would wait for the same content again, as long as for the first.
 */
export class Refusals {
  readonly #windows: Pick<RequestorWindows, 'acquire' | 'release'>;
  readonly #byWindow = new Map<number, Refusal>();

  constructor(windows: Pick<RequestorWindows, 'acquire' | 'release'>) {
    this.#windows = windows;
  }

  /** @param offer what the type was asked of; another offer of the same type is another matter */
  add(window: number, offer: object, type: string): void {
    const before = this.#byWindow.get(window);
    if (before?.offer === offer) {
      before.types.add(type);
      before.timer.refresh();
      return;
    }
    const refusal = new Refusal(offer, () => this.#forget(window, refusal));
    refusal.types.add(type);
    this.#windows.acquire(window, refusal); // a new client may get the same window's number
    if (before !== undefined) this.#forget(window, before);
    this.#byWindow.set(window, refusal);
  }

  has(window: number, offer: object, type: string): boolean {
    const refusal = this.#byWindow.get(window);
    return refusal !== undefined && refusal.offer === offer && refusal.types.has(type);
  }

  /** Forgets all; no timer stays behind. */
  stop(): void {
    for (const [window, refusal] of [...this.#byWindow]) this.#forget(window, refusal);
  }

  #forget(window: number, refusal: Refusal): void {
    clearTimeout(refusal.timer);
    this.#windows.release(window, refusal);
    if (this.#byWindow.get(window) === refusal) this.#byWindow.delete(window);
  }
}
