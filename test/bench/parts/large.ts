import type { Contender } from '../contenders.ts';
import type { Measurements } from '../measurements.ts';
import { type Direction, METRICS, ROLES } from '../metrics.ts';
import { makePayload } from '../payload.ts';
import { memoryOf, resetPeak } from '../process-usage.ts';
import { playRound } from '../rounds.ts';
import type { Tools } from '../stage.ts';
import { MIB } from './throughput.ts';

const LARGE_MEBIBYTES = 256;

/** 256 MiB of text one way, and the most memory that each process took for it. */
export async function measureLarge(
  contender: Contender,
  tools: Tools,
  measurements: Measurements,
  direction: Direction,
): Promise<void> {
  const data = makePayload('text', LARGE_MEBIBYTES * MIB);
  for (const role of ROLES) resetPeak(contender[role]);
  const { paste } = await playRound(direction, tools, 'text', data);
  measurements.add(contender.name, METRICS.large(direction), (LARGE_MEBIBYTES / paste) * 1000);
  for (const role of ROLES) {
    const { peak } = memoryOf(contender[role]);
    measurements.add(contender.name, METRICS.memory(role, `during 256 MiB ${direction}`, 'peak'), peak);
  }
}
