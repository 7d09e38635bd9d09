import { expect, it, vi } from 'vitest';
import { Outbox, type OutgoingItem } from './outbox.ts';

const grab = (...clipboardTypes: number[]): OutgoingItem => ({ kind: 'grab', selection: 'clipboard', clipboardTypes });
const release: OutgoingItem = { kind: 'release', selection: 'clipboard' };
const framed: OutgoingItem = { kind: 'framed', buffers: [] };

function drain(outbox: Outbox): OutgoingItem[] {
  const items: OutgoingItem[] = [];
  for (let item = outbox.shift(); item; item = outbox.shift()) items.push(item);
  return items;
}

it('keeps one entry of ownership a selection, however often the guest copies while the port takes nothing', () => {
  const outbox = new Outbox();
  for (let copy = 0; copy < 1000; copy += 1) outbox.push(grab(1));
  outbox.push(framed);
  outbox.push(grab(2));
  expect(drain(outbox)).toEqual([framed, grab(2)]);
});

it('keeps a release that must precede a grab', () => {
  const outbox = new Outbox();
  outbox.push(grab(1));
  outbox.push(release);
  outbox.push(grab(2));
  expect(drain(outbox)).toEqual([release, grab(2)]);
});

it('forgets what it was going to say of the guest’s ownership when the host takes the selection, and nothing else', () => {
  const outbox = new Outbox();
  const primary: OutgoingItem = { kind: 'grab', selection: 'primary', clipboardTypes: [1] };
  for (const item of [release, grab(1), primary, framed]) outbox.push(item);
  outbox.dropOwnership('clipboard');
  expect(drain(outbox)).toEqual([primary, framed]);
});

it('tells the maker of a content that it will not be sent', () => {
  const outbox = new Outbox();
  const dropped = vi.fn();
  outbox.push({ kind: 'content', send: async () => {}, dropped });
  outbox.clear();
  expect(dropped).toHaveBeenCalledOnce();
});
