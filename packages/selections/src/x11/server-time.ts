import type { Connection } from './connection.ts';
import type { PropertyNotifyEvent } from './events.ts';
import { PropModeAppend, XA_STRING } from './protocol.ts';

const NOTHING = new Uint8Array(0);

/**
 * The server's clock: a zero-length append to a property of our own window brings a PropertyNotify with the time
 * (ICCCM 2.1). CurrentTime must not be used to take a selection, because then a slow client takes it from a newer copy.
 */
export class ServerTime {
  readonly #connection: Connection;
  readonly #window: number;
  readonly #property: number;
  readonly #waiting: ((time: number) => void)[] = [];

  constructor(connection: Connection, window: number, property: number) {
    this.#connection = connection;
    this.#window = window;
    this.#property = property;
  }

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
