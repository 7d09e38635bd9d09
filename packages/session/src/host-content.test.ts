import type { CancelSignal, Selection } from '@clipmux/rpc';
import { describe, expect, it } from 'vitest';
import { HostContent } from './host-content.ts';
import { CONTENT_LINGER_MS } from './limits.ts';
import { FakeTimers, settle } from './testing.ts';

const TEXT = 'text/plain;charset=utf-8';

interface Fetching {
  readonly selection: Selection;
  readonly type: string;
  readonly signal: CancelSignal;
  resolve(content: Uint8Array): void;
  reject(error: Error): void;
}

/** As the wire does: a fetch ends with its signal. */
function hostContent() {
  const timers = new FakeTimers();
  const fetches: Fetching[] = [];
  const content = new HostContent(
    (selection, type, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        fetches.push({ selection, type, signal, resolve, reject });
      }),
    timers,
  );
  const get = (signal = new AbortController().signal, type = TEXT, selection: Selection = 'clipboard') => {
    const got = content.get(selection, type, signal);
    got.catch(() => undefined);
    return got;
  };
  return { content, fetches, timers, get };
}

const BYTES = Buffer.from('content');

describe('content of the host', () => {
  it('is fetched once for programs that ask at the same time', async () => {
    const { fetches, get } = hostContent();
    const both = [get(), get()];
    expect(fetches).toMatchObject([{ selection: 'clipboard', type: TEXT }]);
    fetches[0]?.resolve(BYTES);
    expect(await Promise.all(both)).toEqual([BYTES, BYTES]);
  });

  it('is fetched apart for each type and selection', () => {
    const { fetches, get } = hostContent();
    get();
    get(undefined, 'image/png');
    get(undefined, TEXT, 'primary');
    expect(fetches.map(({ selection, type }) => [selection, type])).toEqual([
      ['clipboard', TEXT],
      ['clipboard', 'image/png'],
      ['primary', TEXT],
    ]);
  });

  it('is kept a moment for the next program, then dropped', async () => {
    const { fetches, timers, get } = hostContent();
    const first = get();
    fetches[0]?.resolve(BYTES);
    await first;
    timers.advance(CONTENT_LINGER_MS - 1);
    expect(await get()).toBe(BYTES);
    await settle();
    timers.advance(CONTENT_LINGER_MS - 1);
    expect(await get()).toBe(BYTES);
    expect(fetches).toHaveLength(1);
    await settle();
    timers.advance(CONTENT_LINGER_MS);
    get();
    expect(fetches).toHaveLength(2);
  });

  it('leaves no timer behind once it is dropped', async () => {
    const { fetches, timers, get } = hostContent();
    const first = get();
    expect(timers.running).toBe(0);
    fetches[0]?.resolve(BYTES);
    await first;
    expect(timers.running).toBe(1);
    timers.advance(CONTENT_LINGER_MS);
    expect(timers.running).toBe(0);
  });

  it('is not asked for again after a failure, but by the next program', async () => {
    const { fetches, get } = hostContent();
    const both = [get(), get()];
    fetches[0]?.reject(new Error('no'));
    for (const got of both) await expect(got).rejects.toThrow('no');
    expect(fetches).toHaveLength(1);
    const next = get();
    expect(fetches).toHaveLength(2);
    fetches[1]?.resolve(BYTES);
    expect(await next).toBe(BYTES);
  });
});

describe('a program that gives up', () => {
  it('leaves the content to those who still wait', async () => {
    const { fetches, timers, get } = hostContent();
    const leaving = new AbortController();
    get(leaving.signal);
    const staying = get();
    leaving.abort();
    timers.advance(CONTENT_LINGER_MS);
    expect(fetches[0]?.signal.aborted).toBe(false);
    fetches[0]?.resolve(BYTES);
    expect(await staying).toBe(BYTES);
  });

  it('has the transfer cancelled, if it was the last and nobody comes in a moment', () => {
    const { fetches, timers, get } = hostContent();
    const leaving = new AbortController();
    get(leaving.signal);
    leaving.abort();
    timers.advance(CONTENT_LINGER_MS - 1);
    expect(fetches[0]?.signal.aborted).toBe(false);
    timers.advance(1);
    expect(fetches[0]?.signal.aborted).toBe(true);
    expect(fetches[0]?.signal.reason).toMatchObject({ name: 'cancelled' });
  });

  it('and asks again at once gets the same transfer', async () => {
    const { fetches, timers, get } = hostContent();
    const leaving = new AbortController();
    get(leaving.signal);
    leaving.abort();
    const again = get();
    timers.advance(CONTENT_LINGER_MS * 2);
    fetches[0]?.resolve(BYTES);
    expect(await again).toBe(BYTES);
    expect(fetches).toHaveLength(1);
  });

  it('before it has asked gets nothing fetched', async () => {
    const { fetches, get } = hostContent();
    await expect(get(AbortSignal.abort())).rejects.toMatchObject({ name: 'cancelled' });
    expect(fetches).toEqual([]);
  });
});

describe('when the host offers something else', () => {
  it('who waits for what is on its way still gets it, and nobody else does', async () => {
    const { content, fetches, timers, get } = hostContent();
    const waiting = get();
    content.drop('clipboard');
    get();
    expect(fetches).toHaveLength(2);
    fetches[0]?.resolve(BYTES);
    expect(await waiting).toBe(BYTES);
    await settle();
    expect(timers.running).toBe(0);
  });

  it('what is on its way is cancelled when the last who waits for it gives up', () => {
    const { content, fetches, get } = hostContent();
    const leaving = [new AbortController(), new AbortController()];
    for (const { signal } of leaving) get(signal);
    content.drop('clipboard');
    leaving[0]?.abort();
    expect(fetches[0]?.signal.aborted).toBe(false);
    leaving[1]?.abort();
    expect(fetches[0]?.signal.aborted).toBe(true);
  });

  it('what nobody waits for any more is cancelled at once', () => {
    const { content, fetches, get } = hostContent();
    const leaving = new AbortController();
    get(leaving.signal);
    leaving.abort();
    content.drop('clipboard');
    expect(fetches[0]?.signal.reason).toMatchObject({ name: 'cancelled' });
  });

  it('what was kept is not given for the new', async () => {
    const { content, fetches, timers, get } = hostContent();
    const old = get();
    fetches[0]?.resolve(BYTES);
    await old;
    content.drop('clipboard');
    expect(timers.running).toBe(0);
    get();
    expect(fetches).toHaveLength(2);
  });

  it('the other selection keeps what it has', async () => {
    const { content, fetches, get } = hostContent();
    const other = get(undefined, TEXT, 'primary');
    content.drop('clipboard');
    fetches[0]?.resolve(BYTES);
    expect(await other).toBe(BYTES);
  });

  it('a program of before that gives up does not cut off the new content', async () => {
    const { content, fetches, timers, get } = hostContent();
    const before = new AbortController();
    get(before.signal);
    content.drop('clipboard');
    const now = get();
    before.abort();
    await settle();
    timers.advance(CONTENT_LINGER_MS);
    expect(fetches[1]?.signal.aborted).toBe(false);
    fetches[1]?.resolve(BYTES);
    expect(await now).toBe(BYTES);
  });
});
