import { expect, it } from 'vitest';
import { Outbox } from './outbox.ts';

it('tells only the newest news of each selection, after the promises of the turn', async () => {
  const told: unknown[] = [];
  const outbox = new Outbox((selection, news) => told.push([selection, news.kind]));
  outbox.put('clipboard', { kind: 'offer', types: [] });
  outbox.put('primary', { kind: 'offer', types: [] });
  outbox.put('clipboard', { kind: 'cleared' });
  for (let i = 0; i < 10; i++) await Promise.resolve();
  expect(told).toEqual([]);
  await new Promise(setImmediate);
  expect(told).toEqual([
    ['primary', 'offer'],
    ['clipboard', 'cleared'],
  ]);
});

it('does not tell what was retracted, even by a listener of the same turn', async () => {
  const told: string[] = [];
  const outbox = new Outbox((selection) => {
    told.push(selection);
    outbox.retract('primary');
  });
  outbox.put('clipboard', { kind: 'cleared' });
  outbox.put('primary', { kind: 'cleared' });
  await new Promise(setImmediate);
  expect(told).toEqual(['clipboard']);
});
