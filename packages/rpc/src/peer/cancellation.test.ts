import { expect, it, vi } from 'vitest';
import { Cancellation, type CancelSignal } from './cancellation.ts';

it('aborts once, with the first reason, and tells each listener once', () => {
  const cancellation = new Cancellation();
  const [told, removed] = [vi.fn(), vi.fn()];
  cancellation.addEventListener('abort', told);
  cancellation.addEventListener('abort', removed);
  cancellation.removeEventListener('abort', removed);
  expect(cancellation.aborted).toBe(false);
  cancellation.abort('first');
  cancellation.abort('second');
  expect([cancellation.aborted, cancellation.reason]).toEqual([true, 'first']);
  expect(told).toHaveBeenCalledOnce();
  expect(removed).not.toHaveBeenCalled();
});

it('stands in for an AbortSignal, and one for it', () => {
  const signal: CancelSignal = AbortSignal.abort('reason');
  expect([signal.aborted, signal.reason]).toEqual([true, 'reason']);
});
