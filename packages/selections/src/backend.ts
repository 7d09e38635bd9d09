import type { DisplayError } from './errors.ts';

/** X11's CLIPBOARD (copy and paste by command) and PRIMARY (select and middle-click). */
export type SelectionName = 'clipboard' | 'primary';

/** Both selections that clipmux deals with. SECONDARY is used by nobody. */
export const SELECTION_NAMES: readonly SelectionName[] = ['clipboard', 'primary'];

/** Tells that nobody waits any more: what is used of an AbortSignal; one will do. */
export interface StopSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * Gives the bytes of one type, for one request of one program.
 *
 * A rejection refuses the request. The bytes must be whole and must not be changed afterwards: they are sent piece by
 * piece, at the requestor's speed.
 *
 * @param type one of the MIME types that were handed to `own`
 * Who has asked while the selection was owned is answered even if it has been lost, given up or replaced since (ICCCM 2.2); a
 * provider that cannot or may not give it any more rejects.
 *
 * @param signal aborts when nobody waits any more: the requestor died, the time-out passed, or the backend was closed
 */
export type ContentProvider = (type: string, signal: StopSignal) => Promise<Uint8Array>;

/** What a backend tells, and with which arguments. */
export interface SelectionEvents {
  /**
   * A program has taken the selection and offers these MIME types, best first. Never told of ourselves.
   * The list is empty when the program offers nothing that can be read or does not answer.
   */
  offer: [selection: SelectionName, types: readonly string[]];
  /** Nobody owns the selection any more: the owner died or gave it up. Not told of our own `disown`. */
  cleared: [selection: SelectionName];
  /** The display is gone; nothing works from now on. Told once, and not after `close`. */
  closed: [error: DisplayError];
}

export interface ReadOptions {
  /** Gives the read up; it rejects with `aborted`. */
  readonly signal?: StopSignal;
  /** Content longer than this many bytes is not gathered; the read rejects with `too-large`. */
  readonly maxBytes: number;
}

/**
 * The selections of one display, watched, read and owned. Types are MIME types: text is `text/plain;charset=utf-8`.
 *
 * Order. An event is told for the last state, not for each step to it: of copies in quick succession only the newest
 * is sure to be told. An `offer` or `cleared` that is told before the promise of `own` settles happened before
 * that `own`; once it has resolved to true, whatever is told happened after it.
 */
export interface SelectionBackend {
  on<E extends keyof SelectionEvents>(event: E, listener: (...args: SelectionEvents[E]) => void): this;

  /** Connects, and starts to watch. What programs own already is told as an `offer`. Rejects with a DisplayError. */
  open(): Promise<void>;

  /**
   * Takes the selection and serves it from the provider. While it is owned already, replaces types and provider; who has
   * asked before is still served by the old one. With no types it owns the selection and offers nothing, so that what was there
   * before cannot be pasted.
   *
   * @returns true: ownership stands; false: a program took it later, and its `offer` follows
   * @throws SelectionError `bad-type`; DisplayError when the display is gone
   */
  own(selection: SelectionName, types: readonly string[], provider: ContentProvider): Promise<boolean>;

  /** Gives the selection up, if we own it. Settles when the display has done so. */
  disown(selection: SelectionName): Promise<void>;

  /**
   * Asks the owner for one type. While a new owner's types are still being asked for, waits for them.
   *
   * @returns the content, text always as UTF-8
   * @throws SelectionError, see its codes; DisplayError when the display is gone
   */
  read(selection: SelectionName, type: string, options: ReadOptions): Promise<Uint8Array>;

  /** Gives up what we own and ends the connection. Reads under way reject. Never rejects. */
  close(): Promise<void>;
}
