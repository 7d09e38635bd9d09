import { setTimeout as sleep } from 'node:timers/promises';
import { connectCrowd, loginOf } from '../../sessions/crowd.ts';
import type { WireAgent } from '../../sessions/wire-agent.ts';
import { World } from '../../sessions/world.ts';
import { contentsOf } from '../../support/exchange.ts';
import type { Measurements } from '../measurements.ts';
import { METRICS } from '../metrics.ts';
import { cpuSecondsOf, memoryOf, wakeUpsOf } from '../process-usage.ts';
import { BECOME_IDLE_MS } from './resources.ts';

/** How many sessions are connected at once. */
const COUNTS = [1, 10, 100, 200] as const;
const SWITCHES = 20;

/**
 * What many sessions cost clipmuxd: memory and wake-ups while nothing happens, and the time from a switch of the active session
 * until the new one has pasted what the host offers. Agents are at the level of the wire, each another user's. Needs root.
 */
export async function measureSessions(measurements: Measurements, seconds: number): Promise<void> {
  for (const count of COUNTS) {
    const world = await World.start({ logLevel: 'info' });
    try {
      const agents = await connectCrowd(world, count);
      await measureIdle(world.daemon.process.pid as number, count, measurements, seconds);
      if (count > 1) await measureSwitches(world, agents, measurements);
      await Promise.all(agents.map((agent) => agent.close()));
    } finally {
      await world.end();
    }
  }
}

async function measureIdle(pid: number, count: number, measurements: Measurements, seconds: number): Promise<void> {
  await sleep(BECOME_IDLE_MS);
  const [wakeUps, cpu] = [wakeUpsOf(pid), cpuSecondsOf(pid)];
  await sleep(seconds * 1000);
  const { rss, private: own } = memoryOf(pid);
  measurements.add('clipmux', METRICS.sessions(count, 'RSS'), rss);
  measurements.add('clipmux', METRICS.sessions(count, 'private memory'), own);
  measurements.add(
    'clipmux',
    METRICS.sessions(count, 'wake-ups a minute'),
    ((wakeUpsOf(pid) - wakeUps) * 60) / seconds,
  );
  measurements.add('clipmux', METRICS.sessions(count, 'CPU'), ((cpuSecondsOf(pid) - cpu) * 1000) / seconds);
}

async function measureSwitches(world: World, agents: readonly WireAgent[], measurements: Measurements): Promise<void> {
  world.host.copy('clipboard', contentsOf('for whoever is active'));
  await (agents[0] as WireAgent).owns();
  for (let round = 1; round <= SWITCHES; round += 1) {
    const number = round % agents.length;
    const agent = agents[number] as WireAgent;
    const start = performance.now();
    world.mock.activate(loginOf(number));
    await agent.owns();
    await agent.paste();
    measurements.add('clipmux', METRICS.sessions(agents.length, 'switch → pasted'), performance.now() - start);
  }
}
