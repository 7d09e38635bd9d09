import { describe, expect, it, vi } from 'vitest';
import type { Connection, Reply } from '../x11/connection.ts';
import type { ServerTime } from '../x11/server-time.ts';
import { Claims } from './claims.ts';
import type { Ownership } from './ownership.ts';

const OURS = 1;
const PROGRAM = 2;
const SELECTION = 77;

/** Claims whose requests and questions for the time the test answers by hand. */
function claims(reckoned: number) {
  const requests: string[] = [];
  const replies: Reply<number>[] = [];
  const times: ((time: number) => void)[] = [];
  const connection = {
    setSelectionOwner: (owner: number, _: number, time: number) => requests.push(`${owner} at ${time}`),
    getSelectionOwner: (_: number, reply: Reply<number>) => replies.push(reply),
  } as unknown as Connection;
  const serverTime = {
    reckon: () => reckoned,
    ask: (reply: (time: number) => void) => times.push(reply),
  } as unknown as ServerTime;
  const observer = { beginClaim: vi.fn(), endClaim: vi.fn() };
  const subject = new Claims(connection, serverTime, OURS, SELECTION, observer);
  const changed = (owner: number, time: number) =>
    subject.ownerChanged({ kind: 'owner-notify', selection: SELECTION, owner, died: false, time });
  const ownership = { time: 0, ended: false, end: () => {} } as unknown as Ownership;
  const [sent, done] = [vi.fn(), vi.fn()];
  subject.take(ownership, sent, done);
  return { subject, requests, replies, times, observer, changed, ownership, sent, done };
}

describe('a claim with the time as reckoned', () => {
  it('stands when the server accepts it, without a question for the time', () => {
    const { subject, requests, replies, times, observer, changed, ownership, sent, done } = claims(100);
    expect(requests).toEqual(['1 at 100']);
    expect(sent).not.toHaveBeenCalled();
    changed(OURS, 101);
    replies[0]?.(OURS);
    expect([sent.mock.calls.length, done.mock.calls, times.length]).toEqual([1, [[true]], 0]);
    expect([subject.current, ownership.time]).toEqual([ownership, 100]);
    expect(observer.endClaim).toHaveBeenCalledWith(OURS, 100, 'stands');
  });

  it('fails when a program has taken the selection after that time, which then keeps it', () => {
    const { subject, replies, times, observer, changed, sent, done } = claims(100);
    changed(PROGRAM, 101);
    replies[0]?.(PROGRAM);
    expect([sent.mock.calls.length, done.mock.calls, times.length]).toEqual([1, [[false]], 0]);
    expect(subject.current).toBeUndefined();
    expect(observer.endClaim).toHaveBeenCalledWith(PROGRAM, 100, 'failed');
  });

  it('is made again with the time asked for when the server ignores it for another reason; later claims wait for that', () => {
    const { subject, requests, replies, times, observer, changed, ownership, sent, done } = claims(100);
    changed(PROGRAM, 90);
    replies[0]?.(PROGRAM);
    expect([sent.mock.calls.length, done.mock.calls.length, times.length]).toEqual([0, 0, 1]);
    times[0]?.(95);
    expect(requests).toEqual(['1 at 100', '1 at 95']);
    expect(sent).toHaveBeenCalledOnce();
    changed(OURS, 95);
    replies[1]?.(OURS);
    expect(done.mock.calls).toEqual([[true]]);
    expect([subject.current, ownership.time]).toEqual([ownership, 95]);
    expect([observer.beginClaim.mock.calls.length, observer.endClaim.mock.calls.length]).toEqual([1, 1]);
  });
});
