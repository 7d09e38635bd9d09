/** The longest time that a timer holds, in milliseconds: 24 days. Node takes what is longer for 1 ms. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** When something is given up. */
export class Deadline {
  /** Milliseconds in all; `Infinity`: never. */
  readonly ms: number;
  readonly #end: number;

  constructor(ms: number) {
    this.ms = ms;
    this.#end = performance.now() + ms;
  }

  /** Milliseconds that are left. */
  get left(): number {
    return Math.max(0, this.#end - performance.now());
  }
}

/** As `setTimeout`; undefined, and never called, for what is longer than a timer holds. */
export function timerFor(ms: number, late: () => void): NodeJS.Timeout | undefined {
  return ms > TIMER_MAX_MS ? undefined : setTimeout(late, ms);
}
