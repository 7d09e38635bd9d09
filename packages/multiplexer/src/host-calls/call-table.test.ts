import { HOST_CALLS_PER_SESSION_MAX, HOST_RETURN_BYTES_MAX, RpcError } from '@clipmux/rpc';
import { beforeEach, describe, expect, it } from 'vitest';
import { type CallEffect, CallTable } from './call-table.ts';
import { OPEN_CALLS_MAX, WAITING_BYTES_MAX } from './limits.ts';

let table: CallTable;
let lastCall: number;

beforeEach(() => {
  table = new CallTable();
  lastCall = 100;
  table.handle({ event: 'attached' });
});

function call(session: number, number: number, params: object = {}): CallEffect[] {
  lastCall += 1;
  return table.handle({ event: 'called', call: lastCall, session, number, method: 'm', params, timeoutMs: 5 });
}

function answer(session: number, id: number, value: unknown = 1): CallEffect[] {
  return table.handle({ event: 'answered', id: { session, call: id }, outcome: { return: value } });
}

/** Effects in short: names of errors for what was settled with one. */
function short(effects: readonly CallEffect[]): unknown[] {
  return effects.flatMap((one): unknown[] => {
    if (one.effect === 'settle')
      return [[one.call, one.outcome instanceof RpcError ? one.outcome.name : one.outcome.return]];
    if (one.effect === 'tell-host') return [['told', one.id, one.reason]];
    return one.effect === 'dropped' ? [one.reason] : [];
  });
}

describe('a call', () => {
  it('is written as one line with the session and a number, and its time begins', () => {
    expect(call(3, 1, { a: 'ü\n' })).toEqual([{ effect: 'start-timer', call: 101, milliseconds: 5 }]);
    expect(table.nextLine()).toBe('{"execute":"m","arguments":{"a":"ü\\n"},"id":{"session":3,"call":101}}\n');
    expect(table.nextLine()).toBeUndefined();
    expect(table.waitingBytes).toBe(0);
  });

  it('is settled by its own answer, whatever the order', () => {
    for (const session of [1, 2, 3]) call(session, 9);
    while (table.nextLine());
    expect(short(answer(2, 102, 'b'))).toEqual([[102, 'b']]);
    expect(answer(3, 103, null)).toEqual([
      { effect: 'stop-timer', call: 103 },
      { effect: 'settle', call: 103, outcome: { return: null } },
    ]);
    expect(short(answer(1, 101, 'a'))).toEqual([[101, 'a']]);
    expect(table.size).toBe(0);
  });

  it("is settled by the host's error, with its class and description", () => {
    call(1, 1);
    table.nextLine();
    const outcome = { error: { class: 'GenericError', description: 'no such share' } };
    const [, settle] = table.handle({ event: 'answered', id: { session: 1, call: 101 }, outcome });
    expect(settle).toMatchObject({
      outcome: { name: 'host-error', details: ['GenericError', 'no such share'], message: /no such share/ },
    });
  });

  it('whose return is too large fails for that', () => {
    call(1, 1);
    table.nextLine();
    expect(short(answer(1, 101, 'x'.repeat(HOST_RETURN_BYTES_MAX)))).toEqual([[101, 'too-large']]);
  });

  it('that is late fails, and the answer that comes after all is dropped', () => {
    call(1, 1);
    table.nextLine();
    expect(short(table.handle({ event: 'late', call: 101 }))).toEqual([
      [101, 'timed-out'],
      ['told', { session: 1, call: 101 }, 'timed-out'],
    ]);
    expect(short(table.handle({ event: 'late', call: 101 }))).toEqual([]);
    expect(short(answer(1, 101))).toEqual(['the call is over']);
  });

  it('that is taken back before it is sent is never sent', () => {
    call(1, 7);
    call(1, 8);
    expect(short(table.handle({ event: 'cancelled', session: 1, number: 7 }))).toEqual([[101, 'cancelled']]);
    expect(table.nextLine()).toContain('"call":102');
    expect(table.nextLine()).toBeUndefined();
  });

  it('that is taken back, or whose session leaves, is over for the host too, if it was sent', () => {
    call(1, 7);
    call(1, 8);
    call(1, 9);
    table.nextLine();
    table.nextLine();
    expect(short(table.handle({ event: 'cancelled', session: 1, number: 7 }))).toEqual([
      [101, 'cancelled'],
      ['told', { session: 1, call: 101 }, 'cancelled'],
    ]);
    expect(short(table.handle({ event: 'session-left', session: 1 }))).toEqual([
      [102, 'connection-closed'],
      ['told', { session: 1, call: 102 }, 'session-left'],
      [103, 'connection-closed'],
    ]);
  });

  it('is not taken back by another session, nor twice', () => {
    call(1, 7);
    expect(table.handle({ event: 'cancelled', session: 2, number: 7 })).toEqual([]);
    expect(table.handle({ event: 'cancelled', session: 1, number: 7 })).not.toEqual([]);
    expect(table.handle({ event: 'cancelled', session: 1, number: 7 })).toEqual([]);
  });

  it('may not have the number of an open one of the same session', () => {
    call(1, 7);
    expect(short(call(1, 7))).toEqual([[102, 'invalid-params']]);
    expect(short(call(2, 7))).toEqual([]);
  });
});

describe('an answer', () => {
  it.each([
    ['without an id', null, 'it names no call'],
    ['to a call that was never made', { session: 1, call: 5 }, 'there is no such call'],
    ['to a call to come', { session: 1, call: 5000 }, 'there is no such call'],
    ["with another session's number", { session: 2, call: 101 }, 'there is no such call'],
    ['to a call that was not sent yet', { session: 1, call: 102 }, 'there is no such call'],
  ])('%s is dropped and harms nobody', (_what, id, reason) => {
    call(1, 1);
    table.nextLine();
    call(1, 2);
    expect(table.handle({ event: 'answered', id, outcome: { return: 1 } })).toEqual([
      { effect: 'dropped', id, reason },
    ]);
    expect(short(answer(1, 101, 'own'))).toEqual([[101, 'own']]);
  });
});

describe('a session that leaves', () => {
  it('takes its calls along; their answers are dropped, and others go on', () => {
    call(1, 1);
    call(2, 1);
    while (table.nextLine());
    call(1, 2);
    expect(short(table.handle({ event: 'session-left', session: 1 }))).toEqual([
      [101, 'connection-closed'],
      ['told', { session: 1, call: 101 }, 'session-left'],
      [103, 'connection-closed'],
    ]);
    expect([table.size, table.waitingBytes]).toEqual([1, 0]);
    expect(short(answer(1, 101))).toEqual(['the call is over']);
    expect(short(answer(2, 102))).toEqual([[102, 1]]);
  });
});

describe('a host that goes', () => {
  it('fails every call, sent or not; later ones fail at once, until it is back', () => {
    call(1, 1);
    table.nextLine();
    call(2, 1);
    expect(short(table.handle({ event: 'detached' }))).toEqual([
      [101, 'host-absent'],
      [102, 'host-absent'],
    ]);
    expect(table.nextLine()).toBeUndefined();
    expect(short(call(1, 2))).toEqual([[103, 'host-absent']]);
    table.handle({ event: 'attached' });
    expect(short(answer(1, 101))).toEqual(['the call is over']);
    call(1, 3);
    expect(table.nextLine()).toContain('"call":104');
  });
});

describe('more than the bounds', () => {
  it('of one session is refused to it, not to others', () => {
    for (let number = 0; number < HOST_CALLS_PER_SESSION_MAX; number += 1) expect(short(call(1, number))).toEqual([]);
    expect(short(call(1, 99))).toEqual([[lastCall, 'limit-exceeded']]);
    expect(short(call(2, 99))).toEqual([]);
  });

  it('of all sessions is refused, until one is over', () => {
    for (let session = 0; session < OPEN_CALLS_MAX; session += 1) expect(short(call(session, 1))).toEqual([]);
    expect(short(call(OPEN_CALLS_MAX, 1))).toEqual([[lastCall, 'limit-exceeded']]);
    table.nextLine();
    answer(0, 101);
    expect(short(call(OPEN_CALLS_MAX, 1))).toEqual([]);
  });

  it('of bytes for a host that does not read is refused, until it reads', () => {
    const large = { text: 'x'.repeat(60_000) };
    let session = 0;
    while (short(call(session, 1, large)).length === 0) session += 1;
    expect(session).toBe(Math.floor(WAITING_BYTES_MAX / 60_071));
    expect(table.waitingBytes).toBeLessThanOrEqual(WAITING_BYTES_MAX);
    table.nextLine();
    expect(short(call(session + 1, 1, large))).toEqual([]);
  });
});
