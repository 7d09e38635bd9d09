import { HOST_CALLS_PER_SESSION_MAX, RpcError } from '@clipmux/rpc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CallEffect, CallTable } from './call-table.ts';
import type { CallId } from './messages.ts';

const session = fc.integer({ min: 1, max: 4 });
const number = fc.integer({ min: 1, max: 20 });
/** Which of the calls that the host has seen, counted from the newest. */
const which = fc.nat({ max: 30 });

const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('call' as const), session, number }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('answer' as const), which, error: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('answer-junk' as const), session, call: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('late' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), session, number }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), session }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('detach' as const, 'attach' as const) }) },
);

describe('whatever comes in whatever order', () => {
  it('each call is settled once at most, by its own answer or an error that has happened, and all timers end', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
        const table = new CallTable();
        let lastCall = 0;
        let attached = false;
        const open = new Map<number, { session: number; number: number }>();
        const timers = new Set<number>();
        /** What the host of now was sent, and all that any host was sent. */
        const seen: CallId[] = [];
        /** Calls that the host was told to be over. */
        const told = new Set<number>();

        /** @param expected names of errors, or the value returned, that what is settled now may have */
        const check = (effects: readonly CallEffect[], expected: readonly unknown[]): void => {
          for (const one of effects) {
            if (one.effect === 'start-timer') timers.add(one.call);
            if (one.effect === 'stop-timer') expect(timers.delete(one.call)).toBe(true);
            // Only of what it has been sent, and once.
            if (one.effect === 'tell-host') {
              expect(seen).toContainEqual(one.id);
              expect(told.has(one.id.call)).toBe(false);
              told.add(one.id.call);
            }
            if (one.effect !== 'settle') continue;
            expect(open.delete(one.call)).toBe(true);
            const { outcome } = one;
            expect(expected).toContain(outcome instanceof RpcError ? outcome.name : outcome.return);
          }
          expect([...timers].sort()).toEqual([...open.keys()].sort());
          expect(table.size).toBe(open.size);
        };

        for (const act of actions) {
          switch (act.do) {
            case 'call': {
              lastCall += 1;
              open.set(lastCall, act);
              const { session, number } = act;
              const called = { event: 'called', call: lastCall, session, number, method: 'm' } as const;
              const refusals = attached ? ['invalid-params', 'limit-exceeded'] : ['host-absent', 'invalid-params'];
              check(table.handle({ ...called, params: {}, timeoutMs: 1 }), refusals);
              const own = [...open.values()].filter((one) => one.session === session).length;
              expect(own).toBeLessThanOrEqual(HOST_CALLS_PER_SESSION_MAX);
              break;
            }
            case 'write': {
              const line = table.nextLine();
              if (line === undefined) break;
              expect(attached).toBe(true);
              const { id } = JSON.parse(line) as { id: CallId };
              expect(open.get(id.call)?.session).toBe(id.session);
              expect(seen.map(({ call }) => call)).not.toContain(id.call);
              seen.push(id);
              break;
            }
            case 'answer': {
              const id = seen.at(-1 - act.which);
              if (!id || !attached) break;
              const outcome = act.error ? { error: { class: 'c', description: 'd' } } : { return: id.call };
              const wasOpen = open.has(id.call);
              const effects = table.handle({ event: 'answered', id, outcome });
              check(effects, [act.error ? 'host-error' : id.call]);
              expect(effects.some(({ effect }) => effect === 'dropped')).toBe(!wasOpen);
              break;
            }
            case 'answer-junk': {
              const known = seen.some((id) => id.call === act.call && id.session === act.session);
              const id = { session: act.session, call: act.call };
              if (!known) expect(table.handle({ event: 'answered', id, outcome: { return: 'junk' } })).toHaveLength(1);
              check([], []);
              break;
            }
            case 'late': {
              const call = lastCall - act.which;
              check(table.handle({ event: 'late', call }), ['timed-out']);
              expect(open.has(call)).toBe(false);
              break;
            }
            case 'cancel':
              check(table.handle({ event: 'cancelled', session: act.session, number: act.number }), ['cancelled']);
              break;
            case 'leave':
              check(table.handle({ event: 'session-left', session: act.session }), ['connection-closed']);
              expect([...open.values()].some((one) => one.session === act.session)).toBe(false);
              break;
            case 'detach':
              attached = false;
              check(table.handle({ event: 'detached' }), ['host-absent']);
              expect([open.size, table.waitingBytes]).toEqual([0, 0]);
              break;
            case 'attach':
              // The port does not open twice.
              if (!attached) check(table.handle({ event: 'attached' }), []);
              attached = true;
              break;
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});
