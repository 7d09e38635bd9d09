import { describe, expect, it } from 'vitest';
import { type Candidate, choose, type SeatActive } from './eligibility.ts';
import { formatPolicy, parsePolicy } from './policy-text.ts';

const ACTIVE = { kind: 'active' } as const;

function candidate(id: number, change: Partial<Candidate> = {}): Candidate {
  return { id, logindId: `c${id}`, seat: 'seat0', locked: false, lastActivity: id, ...change };
}

function seatActive(logindId: string, change: Partial<SeatActive> = {}): SeatActive {
  return { logindId, class: 'user', type: 'x11', ...change };
}

describe('policy active, with logind', () => {
  it('takes the session that is active on the seat, however new another one is', () => {
    expect(choose([candidate(1), candidate(2)], ACTIVE, seatActive('c1'), true)).toEqual({
      session: 1,
      reason: 'active-on-seat',
    });
  });

  it('takes nobody while the active session is locked or has no agent', () => {
    expect(choose([candidate(1, { locked: true })], ACTIVE, seatActive('c1'), true)).toEqual({
      session: null,
      reason: 'locked',
    });
    expect(choose([candidate(1)], ACTIVE, seatActive('c9'), true)).toEqual({
      session: null,
      reason: 'active-without-agent',
    });
  });

  it('passes over a greeter and a text console, and takes the session without a seat where somebody was last', () => {
    const remote = [
      candidate(1),
      candidate(2, { seat: '', lastActivity: 50 }),
      candidate(3, { seat: '', lastActivity: 40 }),
    ];
    for (const other of [seatActive('g1', { class: 'greeter' }), seatActive('t1', { type: 'tty' }), null]) {
      expect(choose(remote, ACTIVE, other, true)).toEqual({ session: 2, reason: 'newest-without-seat' });
    }
  });

  it('counts a session of type tty from which an agent has connected, as startx makes it', () => {
    expect(choose([candidate(1)], ACTIVE, seatActive('c1', { type: 'tty' }), true).session).toBe(1);
  });

  it('never takes a session on a seat that is not the active one', () => {
    expect(choose([candidate(1), candidate(2)], ACTIVE, null, true)).toEqual({ session: null, reason: 'nobody' });
  });
});

describe('policy active, without logind', () => {
  it('takes the newest, and the newer id where both are of the same moment', () => {
    const two = [candidate(1, { lastActivity: 5 }), candidate(2, { lastActivity: 5 })];
    expect(choose(two, ACTIVE, null, false)).toEqual({ session: 2, reason: 'newest' });
    expect(choose([], ACTIVE, null, false)).toEqual({ session: null, reason: 'nobody' });
  });
});

describe('other policies', () => {
  it('take the pinned session alone, unless it is absent or locked', () => {
    const pinned = { kind: 'pinned', session: 1 } as const;
    expect(choose([candidate(1), candidate(2)], pinned, seatActive('c2'), true)).toEqual({
      session: 1,
      reason: 'pinned',
    });
    expect(choose([candidate(2)], pinned, seatActive('c2'), true).reason).toBe('pinned-absent');
    expect(choose([candidate(1, { locked: true })], pinned, null, true).reason).toBe('locked');
  });

  it('take nobody when off', () => {
    expect(choose([candidate(1)], { kind: 'off' }, seatActive('c1'), true)).toEqual({
      session: null,
      reason: 'policy-off',
    });
  });

  it('are written and read as text', () => {
    for (const text of ['active', 'off', 'pinned:3']) expect(formatPolicy(parsePolicy(text) ?? ACTIVE)).toBe(text);
    for (const text of ['', 'pinned:', 'pinned:0', 'pinned:x', 'Active']) expect(parsePolicy(text)).toBeUndefined();
  });
});
