import type { TimerHandle, Timers } from './timers.ts';

/** One time-out in the ring of those with the same delay. */
interface Entry {
  callback: () => void;
  due: number;
  queue: Queue | null;
  previous: Entry;
  next: Entry;
}

/** What a timer of the system is to us; `unref` lets the process end while it runs. */
export interface SystemTimer {
  ref(): unknown;
  unref(): unknown;
}

/** What shared timers are made from. */
export interface SystemTimers {
  start(callback: () => void, milliseconds: number): SystemTimer;
  now(): number;
}

const NODE: SystemTimers = {
  start: (callback, milliseconds) => setTimeout(callback, milliseconds),
  now: () => performance.now(),
};

/**
 * Timers for time-outs, which hardly ever come about: all with the same delay share one timer of Node's. To set one and take it back costs
 * Node several microseconds each time it is the only one of its delay, and a small paste does that six times.
 *
 * The price: when the last one is taken back, Node's timer runs on and fires once for nothing. It does not keep the process alive meanwhile.
 */
export class SharedTimers implements Timers {
  readonly #system: SystemTimers;
  readonly #queues = new Map<number, Queue>();

  constructor(system: SystemTimers = NODE) {
    this.#system = system;
  }

  set(callback: () => void, milliseconds: number): TimerHandle {
    let queue = this.#queues.get(milliseconds);
    if (queue === undefined) {
      queue = new Queue(this.#system, milliseconds, () => this.#queues.delete(milliseconds));
      this.#queues.set(milliseconds, queue);
    }
    return queue.add(callback);
  }

  clear(handle: TimerHandle): void {
    const entry = handle as Entry;
    entry.queue?.remove(entry);
  }
}

/** The time-outs of one delay, the oldest first, and the timer that runs for them. */
class Queue {
  readonly #system: SystemTimers;
  readonly #milliseconds: number;
  readonly #over: () => void;
  /** Stands between the newest and the oldest. */
  readonly #ends: Entry;
  #timer: SystemTimer;
  #waiting = 0;

  /** @param over the timer has fired and nothing waits: the queue is of no use any more */
  constructor(system: SystemTimers, milliseconds: number, over: () => void) {
    this.#system = system;
    this.#milliseconds = milliseconds;
    this.#over = over;
    const ends = { callback: () => {}, due: 0, queue: null } as unknown as Entry;
    ends.previous = ends;
    ends.next = ends;
    this.#ends = ends;
    this.#timer = system.start(() => this.#fired(), milliseconds);
  }

  add(callback: () => void): Entry {
    const { previous: newest } = this.#ends;
    const due = this.#system.now() + this.#milliseconds;
    const entry: Entry = { callback, due, queue: this, previous: newest, next: this.#ends };
    newest.next = entry;
    this.#ends.previous = entry;
    this.#waiting += 1;
    if (this.#waiting === 1) this.#timer.ref();
    return entry;
  }

  remove(entry: Entry): void {
    entry.previous.next = entry.next;
    entry.next.previous = entry.previous;
    entry.queue = null;
    this.#waiting -= 1;
    if (this.#waiting === 0) this.#timer.unref();
  }

  #fired(): void {
    const now = this.#system.now();
    // What a callback sets is newer than all that is due.
    const { previous: last } = this.#ends;
    try {
      while (this.#waiting > 0 && this.#ends.next.due <= now) {
        const entry = this.#ends.next;
        this.remove(entry);
        entry.callback();
        if (entry === last) break;
      }
    } finally {
      if (this.#waiting === 0) this.#over();
      else this.#timer = this.#system.start(() => this.#fired(), Math.max(1, Math.ceil(this.#ends.next.due - now)));
    }
  }
}

/** For whatever waits for an answer. */
export const SHARED_TIMERS: Timers = new SharedTimers();
