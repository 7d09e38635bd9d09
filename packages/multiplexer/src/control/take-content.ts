import { type CancelSignal, RpcError, rpcErrorOfSignal, type Timers } from '@clipmux/rpc';
import type { ControlContent } from './control-target.ts';
import type { Handles } from './handles.ts';

export interface TakeOptions {
  /** Aborted when nobody waits any more. */
  readonly signal: CancelSignal;
  readonly timers: Timers;
  /** How long the content may take to arrive as a whole, in ms. */
  readonly timeoutMs: number;
}

/**
 * Reads a content as a whole into a new handle.
 * @param open asks for the content
 * @throws {RpcError} `timed-out`, what `open` throws, or what {@link Handles.take} does
 */
export async function takeContent(
  handles: Handles,
  open: (signal: AbortSignal) => Promise<ControlContent>,
  { signal, timers, timeoutMs }: TakeOptions,
): Promise<{ readonly handle: number; readonly type: string; readonly size: number }> {
  const controller = new AbortController();
  const over = () => controller.abort(signal.reason);
  const late = new RpcError('timed-out', `the content was not there within ${timeoutMs} ms`);
  const timer = timers.set(() => controller.abort(late), timeoutMs);
  signal.addEventListener('abort', over, { once: true });
  try {
    const content = await open(controller.signal);
    const handle = await handles.take(content.size, until(controller.signal, content.pieces));
    return { handle, type: content.type, size: content.size };
  } finally {
    timers.clear(timer);
    signal.removeEventListener('abort', over);
  }
}

/** The pieces, until the signal is aborted: then its reason is thrown, also while the next piece is awaited. */
function until(signal: AbortSignal, pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // No generator: the `return` of one that has not begun would not reach the pieces.
  return {
    [Symbol.asyncIterator]: () => {
      const iterator = pieces[Symbol.asyncIterator]();
      let stop: () => void = () => {};
      const aborted = new Promise<never>((_resolve, reject) => {
        stop = () => reject(rpcErrorOfSignal(signal));
      });
      aborted.catch(() => {});
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      return {
        next: () => Promise.race([aborted, iterator.next()]),
        return: () => {
          signal.removeEventListener('abort', stop);
          // Not awaited: an owner that hangs would hold us here.
          void iterator.return?.()?.then(undefined, () => {});
          return Promise.resolve({ done: true, value: undefined });
        },
      };
    },
  };
}
