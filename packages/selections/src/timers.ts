/** What the time-outs run on; passed in, since a program may have cheaper ones than Node for what is mostly taken back. */
export interface Timers {
  /** Calls back once after so many milliseconds. */
  set(callback: () => void, milliseconds: number): TimerHandle;
  /** Takes a timer back; harmless if it has fired. */
  clear(handle: TimerHandle): void;
}

/** What {@link Timers.set} returned. */
export type TimerHandle = ReturnType<typeof setTimeout> | number | object;

/** Node's timers. */
export const NODE_TIMERS: Timers = {
  set: (callback, milliseconds) => setTimeout(callback, milliseconds),
  clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
};
