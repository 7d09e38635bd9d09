import type { TimerHandle, Timers } from '@clipmux/rpc';
import { RENEWAL_RETRY_MS, RENEWAL_WAIT_MAX_MS } from './limits.ts';

/** The announcement to the host, as far as its renewal has to do with it. */
export interface Announcement {
  /** Whether what the host was told is no longer so, in something that it looks at. */
  readonly outOfDate: boolean;
  /** Whether a copy or paste is under way, which a renewal would break off. */
  readonly busy: boolean;
  /** Tells the host anew. */
  renew(): void;
}

/** Renews the announcement to the host when it is out of date and nothing is under way, or has been for too long. */
export class Renewal {
  readonly #announcement: Announcement;
  readonly #timers: Timers;
  #timer: TimerHandle | null = null;

  constructor(announcement: Announcement, timers: Timers) {
    this.#announcement = announcement;
    this.#timers = timers;
  }

  /** Something may have changed. Looks after so many milliseconds; an earlier call that still waits is forgotten. */
  consider(delayMs: number): void {
    this.stop();
    this.#wait(delayMs, RENEWAL_WAIT_MAX_MS);
  }

  stop(): void {
    if (this.#timer !== null) this.#timers.clear(this.#timer);
    this.#timer = null;
  }

  #wait(delayMs: number, patienceMs: number): void {
    this.#timer = this.#timers.set(() => {
      this.#timer = null;
      const { outOfDate, busy } = this.#announcement;
      if (!outOfDate) return;
      if (busy && patienceMs > 0) this.#wait(RENEWAL_RETRY_MS, patienceMs - RENEWAL_RETRY_MS);
      else this.#announcement.renew();
    }, delayMs);
  }
}
