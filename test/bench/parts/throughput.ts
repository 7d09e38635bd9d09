import type { Contender } from '../contenders.ts';
import type { Measurements, Subject } from '../measurements.ts';
import { DIRECTIONS, type Direction, METRICS } from '../metrics.ts';
import { makePayload, type PayloadKind } from '../payload.ts';
import { cpuSecondsOf } from '../process-usage.ts';
import { playRound } from '../rounds.ts';
import type { Tools } from '../stage.ts';

const KIB = 1024;
export const MIB = 1024 * KIB;
const KINDS: readonly PayloadKind[] = ['text', 'png'];

/** Sizes, and how often each is sent in one turn: enough of the small ones to see their CPU time in ticks of 10 ms. */
const SIZES: ReadonlyArray<{ readonly bytes: number; readonly repeats: number }> = [
  { bytes: 64 * KIB, repeats: 20 },
  { bytes: MIB, repeats: 10 },
  { bytes: 16 * MIB, repeats: 3 },
  { bytes: 64 * MIB, repeats: 2 },
];

/** One cell of the table: what is sent, which way. */
export interface Cell {
  readonly direction: Direction;
  readonly kind: PayloadKind;
  readonly bytes: number;
  readonly repeats: number;
}

export function cells(maxMebibytes: number): Cell[] {
  return SIZES.filter(({ bytes }) => bytes <= maxMebibytes * MIB).flatMap((size) =>
    KINDS.flatMap((kind) => DIRECTIONS.map((direction) => ({ direction, kind, ...size }))),
  );
}

/** Measures one cell: MiB/s from the request to the last byte, and the CPU time of both processes for each transfer. */
export async function measureThroughput(
  contender: Contender,
  tools: Tools,
  measurements: Measurements,
  { direction, kind, bytes, repeats }: Cell,
): Promise<void> {
  const data = makePayload(kind, bytes);
  const cpu = (): number => cpuSecondsOf(contender.daemon) + cpuSecondsOf(contender.agent);
  const before = cpu();
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const { paste } = await playRound(direction, tools, kind, data);
    addSpeed(contender.name, measurements, { direction, kind, bytes }, paste);
  }
  measurements.add(contender.name, METRICS.cpu(direction, kind, bytes), ((cpu() - before) * 1000) / repeats);
}

/** @param milliseconds of one paste */
export function addSpeed(
  subject: Subject,
  measurements: Measurements,
  { direction, kind, bytes }: Pick<Cell, 'direction' | 'kind' | 'bytes'>,
  milliseconds: number,
): void {
  measurements.add(subject, METRICS.throughput(direction, kind, bytes), (bytes / MIB / milliseconds) * 1000);
}
