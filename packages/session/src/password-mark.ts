import { NODE_TIMERS, type Selection, type Timers } from '@clipmux/rpc';
import { SelectionError, type SelectionErrorCode } from '@clipmux/selections';
import { PASSWORD_MARK_BYTES_MAX, PASSWORD_MARK_TIMEOUT_MS } from './limits.ts';

/**
 * The type by which password managers mark what they copy. It began with KDE's Klipper, which remembers nothing that bears it; KeePassXC
 * (https://github.com/keepassxreboot/keepassxc/blob/develop/src/gui/Clipboard.cpp) and others set it.
 */
export const PASSWORD_MARK_TYPE = 'x-kde-passwordManagerHint';

/** The mark's content that makes it one. */
const SECRET = 'secret';

/** Errors after which an offer, or that there is none, is told anyway. */
const OWNER_IS_GONE: ReadonlySet<SelectionErrorCode> = new Set(['owner-changed', 'owner-died', 'no-owner']);

/** What the mark says, and why it could not be read where that is so. */
export interface PasswordMark {
  readonly secret: boolean;
  /** For a log; undefined where the mark was read, or nobody wants to know any more. */
  readonly unreadable?: string;
}

/** Reads a mark; what reads a type of a selection is passed in. */
export type ReadMark = (
  selection: Selection,
  type: string,
  options: { readonly signal: AbortSignal; readonly maxBytes: number },
) => Promise<Uint8Array>;

/**
 * Asks the owner of a selection whether it has marked its content as a password. What cannot be found out counts as marked: a password
 * manager that is slow, or on its way out, must not leak what it was asked to protect.
 * @param signal the offer is void, nobody needs the answer; it is `secret` then, too
 * @returns never rejects
 */
export async function readPasswordMark(
  read: ReadMark,
  selection: Selection,
  signal: AbortSignal,
  timers: Timers = NODE_TIMERS,
): Promise<PasswordMark> {
  const reading = new AbortController();
  const stop = () => reading.abort();
  signal.addEventListener('abort', stop, { once: true });
  const timer = timers.set(stop, PASSWORD_MARK_TIMEOUT_MS);
  try {
    const options = { signal: reading.signal, maxBytes: PASSWORD_MARK_BYTES_MAX };
    const content = Buffer.from(await read(selection, PASSWORD_MARK_TYPE, options)).toString('latin1');
    // Some end it as C does its strings, or as a line.
    return { secret: content.replace(/[\s\0]+$/, '').trimStart() === SECRET };
  } catch (error) {
    // Another owner, or none: that is told in a moment, and makes this offer void.
    if (error instanceof SelectionError && OWNER_IS_GONE.has(error.code) && !reading.signal.aborted)
      await new Promise((resolve) => reading.signal.addEventListener('abort', resolve, { once: true }));
    if (signal.aborted) return { secret: true };
    if (reading.signal.aborted) return { secret: true, unreadable: `no answer in ${PASSWORD_MARK_TIMEOUT_MS} ms` };
    return { secret: true, unreadable: error instanceof SelectionError ? error.code : String(error) };
  } finally {
    timers.clear(timer);
    signal.removeEventListener('abort', stop);
  }
}
