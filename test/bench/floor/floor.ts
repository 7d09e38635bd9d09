import type { Measurements } from '../measurements.ts';
import type { Direction } from '../metrics.ts';
import { measureLatency } from '../parts/latency.ts';
import { addSpeed, cells } from '../parts/throughput.ts';
import { Comparison, makePayload, type PayloadKind, X11_TARGETS } from '../payload.ts';
import type { Round } from '../rounds.ts';
import type { Stage, Tools } from '../stage.ts';
import { TrivialGuest } from './trivial-guest.ts';

/**
 * What the benchmark's own tools take with no agent between them: its X11 owner to its X11 requestor, then the host
 * to a guest that does next to nothing. Both share one process with each other as they do in a measurement, so
 * their times are added up. Subtract the floor from a contender's time to see the contender's own.
 */
export async function measureFloor(
  stage: Stage,
  measurements: Measurements,
  options: { readonly latencyRounds: number; readonly throughputUpTo: number },
): Promise<void> {
  await stage.withTools(async (tools) => {
    const opened = tools.host.nextGuest();
    const guest = await TrivialGuest.connect(stage.port);
    await opened;
    const play = async (direction: Direction, kind: PayloadKind, data: Buffer): Promise<Round> =>
      addUp(await playX11(tools, kind, data), await playHost[direction](tools, guest, data));
    if (options.latencyRounds > 0) {
      await measureLatency('floor', measurements, options.latencyRounds, (direction, data) =>
        play(direction, 'text', data),
      );
    }
    for (const cell of cells(options.throughputUpTo)) {
      const data = makePayload(cell.kind, cell.bytes);
      for (let repeat = 0; repeat < cell.repeats; repeat += 1) {
        addSpeed('floor', measurements, cell, (await play(cell.direction, cell.kind, data)).paste);
      }
    }
    guest.close();
  });
}

function addUp(a: Round, b: Round): Round {
  return { first: a.first + b.first, whole: a.whole + b.whole, paste: a.paste + b.paste };
}

/** Owner to requestor, through the X server alone. */
async function playX11({ owner, requestor }: Tools, kind: PayloadKind, data: Buffer): Promise<Round> {
  const comparison = new Comparison(data);
  const owned = requestor.nextOwner('CLIPBOARD');
  const start = performance.now();
  owner.own('CLIPBOARD', X11_TARGETS[kind], data);
  await owned;
  const known = performance.now();
  await requestor.read('CLIPBOARD', X11_TARGETS[kind], comparison.add);
  const end = performance.now();
  comparison.finish('floor, X11');
  return { first: known - start, whole: end - start, paste: end - known };
}

/** Host to trivial guest and back, through a unix socket alone. Types make no difference here: all is sent as text. */
const playHost: Readonly<Record<Direction, (tools: Tools, guest: TrivialGuest, data: Buffer) => Promise<Round>>> = {
  'host→guest': async ({ host }, guest, data) => {
    const start = performance.now();
    const grabbed = guest.nextGrab();
    host.copy('CLIPBOARD', 'text', data);
    await grabbed;
    const known = performance.now();
    const bytes = await guest.request();
    const end = performance.now();
    if (bytes !== data.length) throw new Error(`floor, host: ${bytes} bytes arrived of ${data.length}`);
    return { first: known - start, whole: end - start, paste: end - known };
  },
  'guest→host': async ({ host }, guest, data) => {
    const comparison = new Comparison(data);
    guest.prepare(data);
    const grabbed = host.nextGrab('CLIPBOARD');
    const start = performance.now();
    guest.grab();
    await grabbed;
    const known = performance.now();
    await host.paste('CLIPBOARD', 'text', comparison.add);
    const end = performance.now();
    comparison.finish('floor, host');
    return { first: known - start, whole: end - start, paste: end - known };
  },
};
