import { PieceQueue } from '@clipmux/rpc';
import { expect, it } from 'vitest';
import { HostContentFlows } from './host-content-flows.ts';

it('cuts off what is under way, complete or not, and lets its producer go on', () => {
  const flows = new HostContentFlows();
  const [arriving, complete] = [new PieceQueue(), new PieceQueue()];
  for (const pieces of [arriving, complete]) {
    flows.add(pieces);
    pieces.write(Buffer.from('abc'));
  }
  complete.end();
  flows.cutOff();
  for (const pieces of [arriving, complete]) {
    expect(pieces.failure?.error).toMatchObject({ name: 'denied' });
    expect(pieces.take(9)).toEqual([]);
  }
  expect(arriving.write(Buffer.from('def'))).toBe(true);
  arriving.end();
  expect(arriving.available).toBe(0);
});

it('leaves alone what has been read whole, and what is added after', () => {
  const flows = new HostContentFlows();
  const read = new PieceQueue();
  flows.add(read);
  read.write(Buffer.from('abc'));
  read.end();
  read.take(9);
  flows.cutOff();
  expect(read.failure).toBeUndefined();
  const next = new PieceQueue();
  flows.add(next);
  next.write(Buffer.from('abc'));
  expect([next.failure, next.available]).toEqual([undefined, 3]);
});
