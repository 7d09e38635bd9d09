/** The clock that the wire uses, passed in so that tests can own the time. A timer exists only while something is being waited for. */
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
