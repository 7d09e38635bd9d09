import { TEXT_TYPE } from '@clipmux/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { median, quantile } from '../bench/statistics.ts';
import { contentsOf, nextEvent } from '../support/exchange.ts';
import { connectCrowd, loginOf } from './crowd.ts';
import type { WireAgent } from './wire-agent.ts';
import { World } from './world.ts';

const MANY = 200;
const RUNS = 5;
/** Samples of one run, for each of the two worlds. */
const SAMPLES = 500;
/** How much slower the active session of many may be than one alone, at the 99th percentile. */
const FACTOR_MAX = 2;

/** As many sessions as there are, and the one of them that is active. */
interface Scene {
  readonly world: World;
  readonly agents: readonly WireAgent[];
  readonly active: WireAgent;
}

async function openScene(count: number): Promise<Scene> {
  const world = await World.start({ logLevel: 'info' });
  const agents = await connectCrowd(world, count);
  return { world, agents, active: agents[0] as WireAgent };
}

async function closeScene({ world, agents }: Scene): Promise<void> {
  await Promise.all(agents.map((agent) => agent.close()));
  await world.end();
}

/** Milliseconds that this takes. */
async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const MEASUREMENTS: Readonly<Record<string, (scene: Scene) => Promise<number>>> = {
  'a copy until the host knows': async ({ world, active }) => {
    const grabbed = nextEvent(world.host, 'grabbed');
    return time(() => {
      active.copy('copied');
      return grabbed;
    });
  },
  'a paste of the host': ({ world }) => time(() => world.host.paste('clipboard', TEXT_TYPE, { timeout: 10_000 })),
  'a copy of the host until the session knows': async ({ world, active }) =>
    time(() => {
      world.host.copy('clipboard', contentsOf('of the host'));
      return active.owns();
    }),
  'a paste in the session': ({ active }) => time(() => active.paste()),
};

describe(`${MANY} sessions at once`, () => {
  let one: Scene;
  let many: Scene;

  beforeAll(async () => {
    one = await openScene(1);
    many = await openScene(MANY);
  });
  afterAll(async () => {
    if (one) await closeScene(one);
    if (many) await closeScene(many);
  });

  it('are all there, and one of them takes part', async () => {
    const sessions = await many.world.sessions();
    expect(sessions).toHaveLength(MANY);
    expect(new Set(sessions.map(({ uid }) => uid)).size).toBe(MANY);
    expect(sessions.filter(({ eligible }) => eligible).map(({ id }) => id)).toEqual([many.active.id]);
  });

  it('do not slow the active one down', async () => {
    const factors = new Map(Object.keys(MEASUREMENTS).map((name) => [name, [] as number[]]));
    const worst = { one: new Map<string, number[]>(), many: new Map<string, number[]>() };
    const middle = { one: new Map<string, number[]>(), many: new Map<string, number[]>() };
    for (let run = 0; run < RUNS; run += 1) {
      const samples = { one: new Map<string, number[]>(), many: new Map<string, number[]>() };
      for (let sample = 0; sample < SAMPLES; sample += 1) {
        // In turns, each time in the other order: what else the machine does then hits both.
        const turns = [['one', one] as const, ['many', many] as const];
        for (const [name, scene] of sample % 2 === 0 ? turns : turns.reverse()) {
          for (const [what, measure] of Object.entries(MEASUREMENTS)) {
            add(samples[name], what, await measure(scene));
          }
        }
      }
      for (const what of Object.keys(MEASUREMENTS)) {
        const p99 = (name: 'one' | 'many') => quantile(samples[name].get(what) ?? [], 0.99);
        for (const name of ['one', 'many'] as const) {
          add(worst[name], what, p99(name));
          add(middle[name], what, median(samples[name].get(what) ?? []));
        }
        factors.get(what)?.push(p99('many') / p99('one'));
      }
    }
    for (const [what, each] of factors) {
      const figure = (name: 'one' | 'many') =>
        [middle, worst].map((runs) => median(runs[name].get(what) ?? []).toFixed(2)).join(' / ');
      const ratios = each.map((factor) => factor.toFixed(2)).join(' ');
      console.log(
        `${what}, p50 / p99 in ms: ${figure('one')} alone, ${figure('many')} among ${MANY}; p99 to p99, each run: ${ratios}`,
      );
    }
    for (const [what, each] of factors) expect(median(each), what).toBeLessThanOrEqual(FACTOR_MAX);
  });

  it('switch as one does: the new one has what the host offers, and the old one has not', async () => {
    const { world, agents } = many;
    world.host.copy('clipboard', contentsOf('for whoever is active'));
    await many.active.owns();
    for (const number of [57, 199, 0]) {
      const agent = agents[number] as WireAgent;
      world.mock.activate(loginOf(number));
      await agent.owns();
      expect(await agent.paste()).toBe('for whoever is active');
      expect(agents.filter((each) => each.given() !== null).map(({ id }) => id)).toEqual([agent.id]);
    }
  });
});

function add(samples: Map<string, number[]>, what: string, sample: number): void {
  samples.set(what, [...(samples.get(what) ?? []), sample]);
}
