import { within } from '../support/wait.ts';
import type { Direction } from './metrics.ts';
import { Comparison, type PayloadKind, X11_TARGETS } from './payload.ts';
import type { Tools } from './stage.ts';
import type { SelectionName } from './x11/connection.ts';

/** After this a transfer has failed. 256 MiB at 10 MiB/s would pass. */
const ROUND_TIMEOUT_MS = 30_000;

/** Times of one copy and paste, in milliseconds. */
export interface Round {
  /** From the copy until the other side knows of it. */
  readonly first: number;
  /** From the copy until the other side has all of it. */
  readonly whole: number;
  /** From the other side's request until it has all of it. */
  readonly paste: number;
}

type PlayRound = (tools: Tools, kind: PayloadKind, data: Buffer, selection: SelectionName) => Promise<Round>;

const hostToGuest: PlayRound = async ({ host, requestor }, kind, data, selection) => {
  const comparison = new Comparison(data);
  const owned = requestor.nextOwner(selection);
  const start = performance.now();
  host.copy(selection, kind, data);
  await owned;
  const known = performance.now();
  await requestor.read(selection, X11_TARGETS[kind], comparison.add);
  const end = performance.now();
  comparison.finish('host→guest');
  return { first: known - start, whole: end - start, paste: end - known };
};

const guestToHost: PlayRound = async ({ host, owner }, kind, data, selection) => {
  const comparison = new Comparison(data);
  const grabbed = host.nextGrab(selection);
  const start = performance.now();
  owner.own(selection, X11_TARGETS[kind], data);
  await grabbed;
  const known = performance.now();
  await host.paste(selection, kind, comparison.add);
  const end = performance.now();
  comparison.finish('guest→host');
  return { first: known - start, whole: end - start, paste: end - known };
};

const PLAY: Readonly<Record<Direction, PlayRound>> = { 'host→guest': hostToGuest, 'guest→host': guestToHost };

/**
 * Copies at one end and pastes at the other.
 * @throws if it takes too long or something else arrives
 */
export function playRound(
  direction: Direction,
  tools: Tools,
  kind: PayloadKind,
  data: Buffer,
  selection: SelectionName = 'CLIPBOARD',
): Promise<Round> {
  return within(
    PLAY[direction](tools, kind, data, selection),
    `${direction} ${kind} of ${data.length} bytes`,
    ROUND_TIMEOUT_MS,
  );
}
