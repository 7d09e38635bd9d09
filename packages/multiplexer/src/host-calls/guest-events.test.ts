import { describe, expect, it } from 'vitest';
import { EventQueue, toGuestEvent } from './guest-events.ts';

const added = (session: number) => ({
  event: 'SESSION_ADDED' as const,
  data: { session, uid: 1000, display: ':0' },
  stateOf: null,
});
const active = (session: number | null) => ({
  event: 'ACTIVE_CHANGED' as const,
  data: { session, reason: 'active-on-seat' },
  stateOf: 'active',
});

function drain(queue: EventQueue): unknown[] {
  const events: unknown[] = [];
  for (let line = queue.shift(0); line !== undefined; line = queue.shift(0)) events.push(JSON.parse(line));
  return events;
}

describe('an event', () => {
  it("is one line in QMP's form, with the time at which it happened", () => {
    const queue = new EventQueue(1);
    queue.push(added(3), 1_732_233_600_123);
    expect(queue.shift(1_732_233_609_000)).toBe(
      '{"event":"SESSION_ADDED","data":{"session":3,"uid":1000,"display":":0"},"timestamp":{"seconds":1732233600,"microseconds":123000}}\n',
    );
  });

  it('can be read whatever a session calls its display', () => {
    const queue = new EventQueue(1);
    queue.push({ ...added(3), data: { display: ':7\ufdd0\ud800' } }, 0);
    expect(drain(queue)).toMatchObject([{ data: { display: ':7\ufffd\ufffd' } }]);
  });

  it('tells sessions, who takes part, and owners with the types', () => {
    expect([
      toGuestEvent({ kind: 'session-added', session: 3, uid: 1000, display: ':0' })?.data,
      toGuestEvent({ kind: 'session-removed', session: 3, reason: 'it says' })?.data,
      toGuestEvent({ kind: 'eligible', session: null, reason: 'locked' })?.data,
      toGuestEvent({ kind: 'owner', selection: 'primary', owner: { kind: 'session', session: 3, types: ['a/b'] } })
        ?.data,
      toGuestEvent({ kind: 'owner', selection: 'clipboard', owner: { kind: 'nobody', types: [] } })?.data,
    ]).toEqual([
      { session: 3, uid: 1000, display: ':0' },
      { session: 3 },
      { session: null, reason: 'locked' },
      { selection: 'primary', owner: 'session', session: 3, types: ['a/b'] },
      { selection: 'clipboard', owner: 'nobody', session: null, types: [] },
    ]);
  });

  it('is not made of what is none of the host’s business', () => {
    expect(toGuestEvent({ kind: 'error', message: 'x' })).toBeNull();
    expect(toGuestEvent({ kind: 'answer', request: 1, size: 5, error: null })).toBeNull();
  });
});

describe('events for a host that does not read', () => {
  it('are states or count: of a state only the newest is kept, in the place of the newest', () => {
    const queue = new EventQueue(10);
    for (const event of [active(1), added(1), active(2), added(2), active(null)]) queue.push(event, 0);
    expect(drain(queue)).toMatchObject([
      { event: 'SESSION_ADDED', data: { session: 1 } },
      { event: 'SESSION_ADDED', data: { session: 2 } },
      { event: 'ACTIVE_CHANGED', data: { session: null } },
    ]);
  });

  it('are bounded; what is left out is counted and told, states are not left out', () => {
    const queue = new EventQueue(2);
    for (const session of [1, 2, 3, 4]) queue.push(added(session), 0);
    queue.push(active(4), 0);
    queue.shift(0);
    // There is room now, but the host must not take what comes for all there was.
    queue.push(added(5), 0);
    expect(queue.size).toBe(2);
    expect(drain(queue)).toMatchObject([
      { event: 'SESSION_ADDED', data: { session: 2 } },
      { event: 'ACTIVE_CHANGED', data: { session: 4 } },
      { event: 'EVENTS_LOST', data: { count: 3 } },
    ]);
    queue.push(added(6), 0);
    expect(drain(queue)).toMatchObject([{ data: { session: 6 } }]);
  });

  it('are forgotten with the host', () => {
    const queue = new EventQueue(1);
    for (const session of [1, 2]) queue.push(added(session), 0);
    queue.clear();
    expect(drain(queue)).toEqual([]);
  });
});
