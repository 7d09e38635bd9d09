import type { TimerHandle, Timers } from '@clipmux/rpc';
import type { Selection } from '../arbiter/index.ts';

/** Ends what the host copied some time after it did, where the administrator wants that. */
export class HostContentExpiry {
  readonly #timers: Timers;
  readonly #expired: (selection: Selection) => void;
  readonly #running = new Map<Selection, TimerHandle>();

  /** How long the content is kept, in ms; null: until something else is copied. Counts from the next copy. */
  after: number | null = null;

  constructor(timers: Timers, expired: (selection: Selection) => void) {
    this.#timers = timers;
    this.#expired = expired;
  }

  /** The host has copied. */
  begin(selection: Selection): void {
    const running = this.#running.get(selection);
    if (running !== undefined) this.#timers.clear(running);
    this.#running.delete(selection);
    if (this.after === null) return;
    const expire = () => {
      this.#running.delete(selection);
      this.#expired(selection);
    };
    this.#running.set(selection, this.#timers.set(expire, this.after));
  }
}
