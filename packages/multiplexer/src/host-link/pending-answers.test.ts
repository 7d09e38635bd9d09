import { expect, it } from 'vitest';
import { PendingAnswers } from './pending-answers.ts';

it('gives answers of one kind to their requests in the order of asking', () => {
  const pending = new PendingAnswers();
  pending.add(1, 'clipboard', 1, 100);
  pending.add(2, 'clipboard', 1, 100);
  pending.add(3, 'primary', 1, 100);
  expect(pending.take('primary', 1, 0)).toBe(3);
  expect(pending.take('clipboard', 1, 0)).toBe(1);
  expect(pending.take('clipboard', 1, 0)).toBe(2);
  expect(pending.take('clipboard', 1, 0)).toBeUndefined();
});

it('takes an answer of type NONE for the oldest request of that selection, whatever it asked for', () => {
  const pending = new PendingAnswers();
  pending.add(1, 'clipboard', 2, 100);
  pending.add(2, 'clipboard', 1, 100);
  expect(pending.take('clipboard', null, 0)).toBe(1);
  expect(pending.take('clipboard', 2, 0)).toBeUndefined();
});

it('does not give the late answer of an abandoned request to the next one', () => {
  const pending = new PendingAnswers();
  pending.add(1, 'clipboard', 1, 100);
  pending.abandon(1, 200);
  pending.add(2, 'clipboard', 1, 300);
  expect(pending.take('clipboard', 1, 150)).toBeNull();
  expect(pending.take('clipboard', 1, 150)).toBe(2);
});

it('expects nothing of an abandoned request after its time, so that one lost answer does not shift all that follow', () => {
  const pending = new PendingAnswers();
  pending.add(1, 'clipboard', 1, 100);
  pending.abandon(1, 200);
  pending.add(2, 'clipboard', 1, 300);
  expect(pending.take('clipboard', 1, 201)).toBe(2);
});

it('forgets what was asked of one selection, abandoned or not, and tells who still waited', () => {
  const pending = new PendingAnswers();
  pending.add(1, 'clipboard', 1, 100);
  pending.abandon(1, 200);
  pending.add(2, 'clipboard', 1, 100);
  pending.add(3, 'primary', 1, 100);
  expect(pending.forget('clipboard')).toEqual([2]);
  expect(pending.take('clipboard', 1, 0)).toBeUndefined();
  expect(pending.take('primary', 1, 0)).toBe(3);
});

it('tells which requests are overdue and when the next one is', () => {
  const pending = new PendingAnswers();
  expect(pending.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  pending.add(1, 'clipboard', 1, 100);
  pending.add(2, 'clipboard', 1, 120);
  expect(pending.nextDeadline()).toBe(100);
  expect(pending.overdue(99)).toEqual([]);
  expect(pending.overdue(100)).toEqual([1]);
  pending.abandon(1, 100);
  expect(pending.nextDeadline()).toBe(120);
  expect(pending.clear()).toEqual([2]);
});
