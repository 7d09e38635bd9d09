import type { ControlEvent } from '@clipmux/rpc';
import { afterAll, describe, expect, it } from 'vitest';
import { seeded } from '../support/random.ts';
import { RandomWorld } from './random-world.ts';
import { World } from './world.ts';

/** Printed, so that a failure can be had again: SEED=… npm test -- test/sessions/random.test.ts */
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const SEQUENCES = 8;
const STEPS = 300;
/** What a failure shows of what went before. */
const HISTORY = 40;

/** As the monitor saw it: one answer to each request, and with content only while who was asked, or asked, took part without a break. */
function expectEachAnsweredOnce(events: readonly ControlEvent[]): void {
  const open = new Map<number, { readonly session: number | null; readonly since: number }>();
  let turn = 0;
  let eligible: number | null = null;
  for (const event of events) {
    if (event.kind === 'eligible' && event.session !== eligible) {
      eligible = event.session;
      turn += 1;
    } else if (event.kind === 'request') {
      expect(open.has(event.request)).toBe(false);
      open.set(event.request, { session: event.session, since: turn });
    } else if (event.kind === 'answer') {
      const request = open.get(event.request);
      expect(request, `request ${event.request}`).toBeDefined();
      open.delete(event.request);
      if (event.size !== null) expect(request).toEqual({ session: eligible, since: turn });
    }
  }
  expect([...open.keys()]).toEqual([]);
}

describe('whatever users, host and administrator do', () => {
  const served = { host: 0, sessions: 0 };

  afterAll(() => {
    console.log(`SEED=${SEED}: ${served.host} pastes of the host were served, ${served.sessions} of sessions`);
    // Else nothing has been tested.
    expect(Math.min(served.host, served.sessions)).toBeGreaterThan(0);
  });

  it.each(Array.from({ length: SEQUENCES }, (_, index) => SEED + index))(
    'nothing of who does not take part reaches anybody, each request is answered once, and both ends agree (seed %i)',
    async (seed) => {
      const world = await World.start({ config: '[primary]\ndirection = "both"\n' });
      const random = new RandomWorld(world, seeded(seed));
      try {
        await random.begin();
        for (let step = 0; step < STEPS; step += 1) await random.step();
        await random.end();
        expectEachAnsweredOnce(world.events);
      } catch (error) {
        console.log(`SEED=${seed}\n${random.history.slice(-HISTORY).join('\n')}`);
        throw error;
      } finally {
        await random.close();
        await world.end();
      }
      served.host += random.served.host;
      served.sessions += random.served.sessions;
    },
  );
});
