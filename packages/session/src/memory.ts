import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { trimMemory } from '@clipmux/posix';
import { NODE_TIMERS, type TimerHandle, type Timers } from '@clipmux/rpc';
import { TRIM_DELAYS_MS } from './limits.ts';

/**
 * Gives memory back to the system some time after large contents have passed. An idle process collects no garbage by itself, and
 * what the C library's allocator has once been given it keeps; an agent that runs for weeks would stay at its largest size.
 */
export class MemoryKeeper {
  readonly #timers: Timers;
  readonly #giveBack: () => void;
  #pending: TimerHandle[] = [];

  constructor(timers: Timers = NODE_TIMERS, giveBack: () => void = giveMemoryBack) {
    this.#timers = timers;
    this.#giveBack = giveBack;
  }

  /** A large content has passed: its memory is given back a while later, unless another follows. */
  largeContentPassed(): void {
    this.stop();
    this.#pending = TRIM_DELAYS_MS.map((delay) => this.#timers.set(this.#giveBack, delay));
  }

  /** Leaves memory as it is; no timer stays behind. */
  stop(): void {
    for (const timer of this.#pending) this.#timers.clear(timer);
    this.#pending = [];
  }
}

let collectGarbage: (() => void) | undefined;

function giveMemoryBack(): void {
  // V8 offers its collector to scripts only by this flag; set late, it costs nothing until the first large content.
  if (!collectGarbage) {
    setFlagsFromString('--expose-gc');
    collectGarbage = runInNewContext('gc') as () => void;
  }
  // V8 frees the memory of dead buffers on another thread; the second collection waits for what the first has begun.
  collectGarbage();
  collectGarbage();
  trimMemory();
}
