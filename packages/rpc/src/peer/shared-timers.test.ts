import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SharedTimers, type SystemTimer, type SystemTimers } from './shared-timers.ts';

/** The system's timers, with a clock that the test turns. */
class FakeSystem implements SystemTimers {
  time = 0;
  started = 0;
  readonly running = new Map<object, { callback: () => void; due: number; refed: boolean }>();

  now(): number {
    return this.time;
  }

  start(callback: () => void, milliseconds: number): SystemTimer {
    this.started += 1;
    const state = { callback, due: this.time + milliseconds, refed: true };
    const timer = { ref: () => (state.refed = true), unref: () => (state.refed = false) };
    this.running.set(timer, state);
    return timer;
  }

  /** Whether a timer keeps the process alive. */
  get keepsAlive(): boolean {
    return [...this.running.values()].some(({ refed }) => refed);
  }

  advance(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (;;) {
      const [next] = [...this.running].filter(([, { due }]) => due <= end).sort(([, a], [, b]) => a.due - b.due);
      if (next === undefined) break;
      const [timer, { callback, due }] = next;
      this.time = Math.max(this.time, due);
      this.running.delete(timer);
      callback();
    }
    this.time = end;
  }
}

function timersOf() {
  const system = new FakeSystem();
  const timers = new SharedTimers(system);
  const fired: string[] = [];
  return { system, timers, fired, set: (name: string, ms: number) => timers.set(() => fired.push(name), ms) };
}

describe('time-outs of one delay', () => {
  it('fire in order, each after its own delay', () => {
    const { system, fired, set } = timersOf();
    set('first', 100);
    system.advance(60);
    set('second', 100);
    system.advance(39);
    expect(fired).toEqual([]);
    system.advance(1);
    expect(fired).toEqual(['first']);
    system.advance(59);
    expect(fired).toEqual(['first']);
    system.advance(1);
    expect(fired).toEqual(['first', 'second']);
  });

  it('share one timer of the system, which fires for nothing once when all were taken back', () => {
    const { system, timers, fired, set } = timersOf();
    for (let copy = 0; copy < 1000; copy += 1) timers.clear(set('late', 100));
    expect(system.started).toBe(1);
    system.advance(1000);
    expect(fired).toEqual([]);
    expect(system.started).toBe(1);
    expect(system.running.size).toBe(0);
  });

  it('keep the process alive while one waits, and only then', () => {
    const { system, timers, set } = timersOf();
    const handle = set('one', 100);
    expect(system.keepsAlive).toBe(true);
    timers.clear(handle);
    expect(system.keepsAlive).toBe(false);
    set('two', 100);
    expect(system.keepsAlive).toBe(true);
  });

  it('that a callback sets wait for their own delay, and what it takes back does not fire', () => {
    const { system, timers, fired, set } = timersOf();
    timers.set(() => {
      fired.push('first');
      timers.clear(second);
      set('third', 100);
    }, 100);
    const second = set('second', 100);
    system.advance(100);
    expect(fired).toEqual(['first']);
    system.advance(100);
    expect(fired).toEqual(['first', 'third']);
  });

  it('go on after a callback has thrown', () => {
    const { system, timers, fired, set } = timersOf();
    timers.set(() => {
      throw new Error('a fault');
    }, 100);
    set('second', 100);
    expect(() => system.advance(100)).toThrow('a fault');
    system.advance(1);
    expect(fired).toEqual(['second']);
  });

  it('may be taken back after they have fired, and twice', () => {
    const { system, timers, fired, set } = timersOf();
    const handle = set('one', 100);
    system.advance(100);
    timers.clear(handle);
    timers.clear(handle);
    set('two', 100);
    system.advance(100);
    expect(fired).toEqual(['one', 'two']);
  });
});

it('fires each time-out that is not taken back once, not before its time and at the latest with the next tick', () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), ms: fc.constantFrom(1, 5, 100) }),
    fc.record({ kind: fc.constant('clear' as const), which: fc.nat(20) }),
    fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(60) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const system = new FakeSystem();
      const timers = new SharedTimers(system);
      const waiting = new Map<number, { due: number; handle: object }>();
      let last = 0;
      for (const step of actions) {
        if (step.kind === 'advance') {
          system.advance(step.ms);
        } else if (step.kind === 'clear') {
          const [id, one] = [...waiting][step.which] ?? [];
          if (id === undefined || one === undefined) continue;
          timers.clear(one.handle);
          waiting.delete(id);
        } else {
          const id = ++last;
          const due = system.time + step.ms;
          const fire = () => {
            expect(waiting.delete(id)).toBe(true);
            expect(system.time).toBeGreaterThanOrEqual(due);
          };
          waiting.set(id, { due, handle: timers.set(fire, step.ms) as object });
        }
        for (const { due } of waiting.values()) expect(due).toBeGreaterThan(system.time - 1);
      }
      system.advance(1000);
      expect(waiting.size).toBe(0);
      expect(system.running.size).toBe(0);
    }),
  );
});
