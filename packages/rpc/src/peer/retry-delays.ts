/** First wait after an attempt that failed, in milliseconds; each further one doubles it, up to the transport's ceiling. */
export const FIRST_RETRY_MS = 100;
/**
 * Longest wait after a connection that had proved itself, in milliseconds: QEMU closes and opens the port on its own resets, clipmuxd
 * is restarted, and the user should not notice. Not 0, so that the two ends do not run in step.
 */
export const QUICK_RETRY_MS = 20;
/** A confirmed connection that lasted this long, in milliseconds, is in order; shorter ones may be a host that fails each time. */
export const STABLE_AFTER_MS = 1_000;
/** So many short confirmed connections in a row are reopened at once; then they wait like failed attempts. */
export const QUICK_RETRIES = 3;

/** How long to wait before a connection is opened again: the host's port, or an agent's to clipmuxd. Pure: time is told, randomness passed in. */
export class RetryDelays {
  readonly #ceiling: number;
  readonly #random: () => number;
  #failures = 0;
  #shortLived = 0;

  /**
   * @param ceiling longest wait in milliseconds
   * @param random from 0 to 1, as Math.random
   */
  constructor(ceiling: number, random: () => number) {
    this.#ceiling = ceiling;
    this.#random = random;
  }

  /** Attempts since the last confirmed connection. */
  get failures(): number {
    return this.#failures;
  }

  /** After an attempt that did not open, or a connection closed before it was confirmed. */
  afterFailure(): number {
    this.#failures++;
    return this.#backOff(this.#failures - 1);
  }

  /** After a confirmed connection that lasted `milliseconds`. */
  afterConnection(milliseconds: number): number {
    this.#failures = 0;
    this.#shortLived = milliseconds < STABLE_AFTER_MS ? this.#shortLived + 1 : 0;
    if (this.#shortLived <= QUICK_RETRIES) return this.#random() * QUICK_RETRY_MS;
    return this.#backOff(this.#shortLived - QUICK_RETRIES - 1);
  }

  /** Half of the wait is random, so that many guests of one host do not come all at once. */
  #backOff(step: number): number {
    const full = Math.min(FIRST_RETRY_MS * 2 ** step, this.#ceiling);
    return full * (0.5 + 0.5 * this.#random());
  }
}
