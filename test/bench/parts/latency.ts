import type { Measurements, Subject } from '../measurements.ts';
import type { Direction } from '../metrics.ts';
import { DIRECTIONS, METRICS } from '../metrics.ts';
import { makePayload } from '../payload.ts';
import { playRound, type Round } from '../rounds.ts';
import type { Tools } from '../stage.ts';

/** A line of text: what people mostly copy. */
const SMALL_BYTES = 100;

/** Rounds before the first that counts, so that neither contender is measured while it warms up. */
const WARM_UP_ROUNDS = 5;

type Play = (direction: Direction, data: Buffer) => Promise<Round>;

/** Copies and pastes a line `rounds` times in each direction, another line each time. */
export async function measureLatency(
  subject: Subject,
  measurements: Measurements,
  rounds: number,
  play: Play,
): Promise<void> {
  for (const direction of DIRECTIONS) {
    for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
      const { first, whole } = await play(direction, makePayload('text', SMALL_BYTES));
      if (round < 0) continue;
      measurements.add(subject, METRICS.latency(direction, 'first'), first);
      measurements.add(subject, METRICS.latency(direction, 'whole'), whole);
    }
  }
}

export const playWith =
  (tools: Tools): Play =>
  (direction, data) =>
    playRound(direction, tools, 'text', data);
