import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from '../contenders.ts';
import type { Measurements } from '../measurements.ts';
import { DIRECTIONS, METRICS, ROLES } from '../metrics.ts';
import { makePayload } from '../payload.ts';
import { memoryOf, resetPeak, wakeUpsOf } from '../process-usage.ts';
import { playRound } from '../rounds.ts';
import type { Tools } from '../stage.ts';
import { MIB } from './throughput.ts';

/** After its start a program finishes what it does in the background, such as compiling and collecting garbage. */
const SETTLE_MS = 2000;

/**
 * Until everything of the last transfer is over: V8 collects garbage once more about 8 s after a program has become
 * idle, and Node's timer for a time-out that was cleared still fires once. What wakes a program after that is its habit.
 */
export const BECOME_IDLE_MS = 30_000;

/** "A few seconds" after a transfer memory must be given back. */
const GIVE_BACK_MS = 5000;

/** Memory after the start, during 64 MiB each way, and when that is over. For a contender that has just started. */
export async function measureMemory(contender: Contender, tools: Tools, measurements: Measurements): Promise<void> {
  await sleep(SETTLE_MS);
  const name = contender.name;
  const atStart = new Map<string, number>();
  for (const role of ROLES) {
    const memory = memoryOf(contender[role]);
    atStart.set(role, memory.rss);
    measurements.add(name, METRICS.memory(role, 'after start', 'RSS'), memory.rss);
    measurements.add(name, METRICS.memory(role, 'after start', 'private'), memory.private);
  }
  const data = makePayload('text', 64 * MIB);
  for (const direction of DIRECTIONS) {
    for (const role of ROLES) resetPeak(contender[role]);
    await playRound(direction, tools, 'text', data);
    await sleep(GIVE_BACK_MS);
    for (const role of ROLES) {
      const memory = memoryOf(contender[role]);
      measurements.add(name, METRICS.memory(role, 'during 64 MiB', 'peak'), memory.peak);
      measurements.add(name, METRICS.memory(role, '5 s after 64 MiB', 'RSS'), memory.rss);
      measurements.add(name, METRICS.growth(role), memory.rss - (atStart.get(role) ?? 0));
    }
  }
}

/** How often each process is woken while host and session are connected and nobody copies. */
export async function measureIdle(contender: Contender, measurements: Measurements, seconds: number): Promise<void> {
  await sleep(BECOME_IDLE_MS);
  const before = ROLES.map((role) => wakeUpsOf(contender[role]));
  await sleep(seconds * 1000);
  ROLES.forEach((role, index) => {
    const count = wakeUpsOf(contender[role]) - (before[index] as number);
    measurements.add(contender.name, METRICS.wakeUps(role), (count * 60) / seconds);
  });
}
