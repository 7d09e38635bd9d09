import { NODE_TIMERS } from '@clipmux/rpc';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ContentBudget } from './content-budget.ts';
import { type HandleLimits, Handles } from './handles.ts';

const LIMITS: HandleLimits = { handles: 2, contentBytes: 100, typesMax: 2, idleMs: 60_000 };

let budget: ContentBudget;
let handles: Handles;

beforeEach(() => {
  vi.useFakeTimers();
  budget = new ContentBudget(150);
  handles = new Handles(LIMITS, budget, NODE_TIMERS);
});

afterEach(() => {
  vi.useRealTimers();
});

/** Content in pieces, which knows whether it was left. */
function content(...pieces: readonly string[]) {
  const left = { value: false };
  const iterable: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => {
      let at = 0;
      return {
        next: async () => {
          const piece = pieces[at++];
          return piece === undefined ? { done: true, value: undefined } : { done: false, value: Buffer.from(piece) };
        },
        return: async () => {
          left.value = true;
          return { done: true, value: undefined };
        },
      };
    },
  };
  return { iterable, left };
}

describe('a handle to read from', () => {
  it('gives any part of the content, and says where it ends', async () => {
    const handle = await handles.take(11, content('hello', ' ', 'world').iterable);
    expect(budget.taken).toBe(11);
    const part = (offset: number, size: number) => {
      const { bytes, eof } = handles.read(handle, offset, size);
      return [bytes.toString(), eof];
    };
    expect(part(0, 5)).toEqual(['hello', false]);
    expect(part(6, 5)).toEqual(['world', true]);
    expect(part(0, 100)).toEqual(['hello world', true]);
    expect(part(11, 1)).toEqual(['', true]);
    expect(part(500, 1)).toEqual(['', true]);
    handles.close(handle);
    expect(budget.taken).toBe(0);
    expect(() => handles.read(handle, 0, 1)).toThrow(expect.objectContaining({ name: 'no-such-handle' }));
  });

  it('can be for nothing at all', async () => {
    const handle = await handles.take(0, content().iterable);
    expect(handles.read(handle, 0, 1)).toEqual({ bytes: Buffer.alloc(0), eof: true });
  });

  it.each([
    ['breaks off', 12, ['hello', 'world'], 'owner-died'],
    ['goes on past its size', 9, ['hello', 'world'], 'internal'],
    ['is larger than one may be', 101, [], 'too-large'],
  ])('is not made for content that %s', async (_why, size, pieces, name) => {
    const { iterable, left } = content(...pieces);
    await expect(handles.take(size, iterable)).rejects.toMatchObject({ name });
    expect(left.value).toBe(true);
    expect(budget.taken).toBe(0);
    await handles.take(1, content('a').iterable);
    await handles.take(1, content('a').iterable);
  });

  it('is not made where all connections together hold too much', async () => {
    await handles.take(100, content('x'.repeat(100)).iterable);
    await expect(handles.take(51, content().iterable)).rejects.toMatchObject({ name: 'limit-exceeded' });
    expect(budget.taken).toBe(100);
  });

  it('counts from when it is asked for', async () => {
    const never: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
    };
    void handles.take(1, never);
    void handles.take(1, never);
    await expect(handles.take(1, content('a').iterable)).rejects.toMatchObject({ name: 'limit-exceeded' });
    expect(() => handles.begin()).toThrow(expect.objectContaining({ name: 'limit-exceeded' }));
  });

  it('is not made for a connection that ended meanwhile', async () => {
    const taking = handles.take(5, content('hello').iterable);
    handles.closeAll();
    await expect(taking).rejects.toMatchObject({ name: 'connection-closed' });
    expect(budget.taken).toBe(0);
  });
});

describe('a handle to write to', () => {
  it('joins the pieces of each type, in the order of the types', () => {
    const handle = handles.begin();
    expect(handles.append(handle, 'b', Buffer.from('be'))).toBe(2);
    expect(handles.append(handle, 'a', Buffer.from('al'))).toBe(2);
    expect(handles.append(handle, 'b', Buffer.from('ta'))).toBe(4);
    expect(handles.contents(handle)).toEqual([
      { type: 'b', bytes: Buffer.from('beta') },
      { type: 'a', bytes: Buffer.from('al') },
    ]);
    expect(budget.taken).toBe(6);
    handles.close(handle);
    expect(budget.taken).toBe(0);
  });

  it('takes neither too many bytes nor too many types, and keeps what it had', () => {
    const handle = handles.begin();
    handles.append(handle, 'a', Buffer.alloc(60));
    expect(() => handles.append(handle, 'b', Buffer.alloc(41))).toThrow(expect.objectContaining({ name: 'too-large' }));
    handles.append(handle, 'b', Buffer.alloc(1));
    expect(() => handles.append(handle, 'c', Buffer.alloc(1))).toThrow(
      expect.objectContaining({ name: 'limit-exceeded' }),
    );
    expect(handles.contents(handle).map(({ bytes }) => bytes.length)).toEqual([60, 1]);
    expect(budget.taken).toBe(61);
  });

  it('has no contents before something was written', () => {
    const handle = handles.begin();
    expect(() => handles.contents(handle)).toThrow(expect.objectContaining({ name: 'invalid-params' }));
  });

  it('is not one to read from, nor the other way round', async () => {
    const writing = handles.begin();
    const reading = await handles.take(1, content('a').iterable);
    expect(() => handles.read(writing, 0, 1)).toThrow('one to write to');
    expect(() => handles.append(reading, 'a', Buffer.alloc(1))).toThrow('one to read from');
  });
});

describe('a handle that is left alone', () => {
  it('is closed after a while, counted from its last use', () => {
    const handle = handles.begin();
    vi.advanceTimersByTime(LIMITS.idleMs - 1);
    handles.append(handle, 'a', Buffer.alloc(1));
    vi.advanceTimersByTime(LIMITS.idleMs - 1);
    expect(handles.contents(handle)).toHaveLength(1);
    vi.advanceTimersByTime(LIMITS.idleMs);
    expect(() => handles.contents(handle)).toThrow(expect.objectContaining({ name: 'no-such-handle' }));
    expect(budget.taken).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no timer behind when its connection ends', () => {
    handles.append(handles.begin(), 'a', Buffer.alloc(1));
    handles.closeAll();
    expect(vi.getTimerCount()).toBe(0);
    expect(budget.taken).toBe(0);
  });
});
