import { afterAll, beforeAll, expect, it } from 'vitest';
import { wakeUpsOf } from '../bench/process-usage.ts';
import { type Chain, startChain } from '../support/chain.ts';

/** How long nothing may wake either program, in milliseconds: any timer that fires more often than this is found. */
const QUIET_MS = 3000;

/**
 * How many such times in a row are looked at. After its start a program has work left that ends by itself: the JIT compiler, and one
 * collection of garbage that V8 makes some 8 s after a program has become idle.
 */
const LOOKS = 8;

let chain: Chain;

beforeAll(async () => {
  chain = await startChain();
});
afterAll(() => chain?.stop());

it('neither program wakes up while host and agent are connected and nobody copies', async () => {
  const pids = [chain.daemon, chain.agent].map((program) => program.process.pid ?? Number.NaN);
  const wakeUps = () => pids.map(wakeUpsOf);
  const history: number[][] = [];
  for (let look = 0; look < LOOKS; look += 1) {
    const before = wakeUps();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    const woken = wakeUps().map((count, index) => count - (before[index] ?? 0));
    history.push(woken);
    if (woken.every((count) => count === 0)) return;
  }
  expect.fail(`[clipmuxd, clipmux-session] were woken in each ${QUIET_MS} ms: ${JSON.stringify(history)}`);
});
