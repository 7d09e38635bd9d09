import type { Connection } from './connection.ts';
import type { PropertyNotifyEvent } from './events.ts';
import { PropModeAppend, XA_STRING } from './protocol.ts';

const NOTHING = new Uint8Array(0);

/** The server may count in the kernel's coarse clock, which lags by up to a millisecond (`GetTimeInMillis` in xserver's os/utils.c). */
const COARSE_CLOCK_LAG_MS = 1;

/**
 * The server's clock. CurrentTime must not be used to take a selection, because then a slow client takes it from a newer
 * copy (ICCCM 2.1).
 *
 * It can be asked, which costs a round trip. Or it is reckoned from the newest event that told it and the time that has
 * passed here since: that is never ahead of the server's clock while both clocks run alike (on one machine they are the
 * same), and behind it by no more than the event's way took. Should it be ahead all the same, the server ignores
 * what is asked for with it; whoever uses it must look.
 */
export class ServerTime {
  readonly #connection: Connection;
  readonly #window: number;
  readonly #property: number;
  readonly #now: () => number;
  readonly #waiting: ((time: number) => void)[] = [];
  /** The newest time heard, and when that was by our clock. */
  #heard = 0;
  #heardAt = 0;
  #lastReckoned = 0;

  /** @param now milliseconds of a clock that never goes back */
  constructor(connection: Connection, window: number, property: number, now: () => number = () => performance.now()) {
    this.#connection = connection;
    this.#window = window;
    this.#property = property;
    this.#now = now;
  }

  /** An event that only the server can have made tells its time. */
  heard(time: number): void {
    this.#heard = time;
    this.#heardAt = this.#now();
  }

  /** The server's time as reckoned; never less than what was heard or reckoned before. To be called once a time has been heard. */
  reckon(): number {
    const passed = Math.max(0, Math.floor(this.#now() - this.#heardAt) - COARSE_CLOCK_LAG_MS);
    const time = (this.#heard + passed) >>> 0;
    if (this.#lastReckoned === 0 || !isBefore(time, this.#lastReckoned)) this.#lastReckoned = time;
    return this.#lastReckoned;
  }

  /** A zero-length append to a property of our own window brings a PropertyNotify with the time (ICCCM 2.1). */
  ask(reply: (time: number) => void): void {
    if (this.#connection.ended) return;
    this.#waiting.push(reply);
    this.#connection.changeProperty(this.#window, this.#property, XA_STRING, 8, NOTHING, PropModeAppend);
  }

  /** @returns whether the event was the answer to {@link ask} */
  onPropertyNotify(event: PropertyNotifyEvent): boolean {
    if (event.window !== this.#window || event.property !== this.#property) return false;
    if (!event.deleted) this.#waiting.shift()?.(event.time);
    return true;
  }
}

/** Whether server time `a` is before `b`; it wraps round every 49.7 days. */
export function isBefore(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}
