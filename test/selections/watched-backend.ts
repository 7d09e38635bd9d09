import { type Limits, type SelectionName, X11Backend } from '../../packages/selections/src/index.ts';
import { within } from '../support/wait.ts';
import type { Xvfb } from '../support/xvfb.ts';

/** What a backend has told. */
export type Told =
  | { readonly kind: 'offer'; readonly selection: SelectionName; readonly types: readonly string[] }
  | { readonly kind: 'cleared'; readonly selection: SelectionName }
  | { readonly kind: 'closed'; readonly code: string };

/** A backend with its events in a queue, to be awaited one by one. */
export interface WatchedBackend {
  readonly backend: X11Backend;
  /** Takes the oldest event, and waits for one where there is none. */
  next(what?: string, timeoutMs?: number): Promise<Told>;
  /** Takes events until one fits. */
  until(fits: (told: Told) => boolean, what: string, timeoutMs?: number): Promise<Told>;
  /** Events that nobody has taken yet. */
  readonly queue: Told[];
}

/** A backend that is not open yet. */
export function watch(xvfb: Xvfb, limits: Partial<Limits> = {}): WatchedBackend {
  const backend = new X11Backend({ display: xvfb.display, env: xvfb.env, limits });
  const queue: Told[] = [];
  let wake: () => void = () => {};
  const put = (told: Told) => {
    queue.push(told);
    wake();
  };
  backend.on('offer', (selection, types) => put({ kind: 'offer', selection, types }));
  backend.on('cleared', (selection) => put({ kind: 'cleared', selection }));
  backend.on('closed', (error) => put({ kind: 'closed', code: error.code }));
  const next = async (what = 'an event', timeoutMs = 10_000): Promise<Told> => {
    while (queue.length === 0) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await within(woken, what, timeoutMs);
    }
    return queue.shift() as Told;
  };
  return {
    backend,
    queue,
    next,
    until: async (fits, what, timeoutMs) => {
      for (;;) {
        const told = await next(what, timeoutMs);
        if (fits(told)) return told;
      }
    },
  };
}

/** An open one. */
export async function watchOpen(xvfb: Xvfb, limits: Partial<Limits> = {}): Promise<WatchedBackend> {
  const watched = watch(xvfb, limits);
  await watched.backend.open();
  return watched;
}
