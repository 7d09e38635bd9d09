import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { median } from '../bench/statistics.ts';
import { LineClient } from './line-client.ts';
import { RealQemuGa, StandIn } from './world.ts';

const TURNS = 9;
const ROUNDS = 1500;
/** Of the rate of qemu-ga alone, that of the way through clipmuxd must be at least so much. */
const SHARE_MIN = 0.5;
/** Other work on the machine costs three processes more than two, so that the best of so many measurements counts. */
const ATTEMPTS = 5;

const SYNC = '{"execute": "guest-sync", "arguments": {"id": 1795306503116}}\n';
/** A small command, which does nothing but look at the clock, and one that looks at the system. */
const TIME = '{"execute": "guest-get-time"}\n';
const NETWORK = '{"execute": "guest-network-get-interfaces"}\n';

/** What is asked, again and again. libvirt sends a guest-sync before each command. */
const PATTERNS = {
  'guest-sync and guest-get-time, as libvirt asks': [SYNC, TIME],
  'guest-network-get-interfaces': [NETWORK],
  'guest-get-time': [TIME],
  'guest-ping': ['{"execute": "guest-ping"}\n'],
} as const;

describe('round trips a second', () => {
  const standIn = new StandIn();
  const behind = new RealQemuGa(standIn.directory, 'behind.sock');
  const alone = new RealQemuGa(standIn.directory, 'alone.sock');
  let through: LineClient;
  let direct: LineClient;

  beforeAll(async () => {
    await behind.start();
    await alone.start();
    await standIn.start([`upstream = "unix:${behind.path}"`]);
    [through, direct] = await Promise.all([LineClient.connect(standIn.path), LineClient.connect(alone.path)]);
  });

  afterAll(async () => {
    through.close();
    direct.close();
    await standIn.stop();
    await behind.stop();
    await alone.stop();
    standIn.remove();
  });

  /** Medians of several turns, in which both come one after the other: a machine that slows down or speeds up does so for both. */
  async function compare(requests: readonly string[]): Promise<{ through: number; direct: number; share: number }> {
    const rates = { through: [] as number[], direct: [] as number[], shares: [] as number[] };
    for (let turn = 0; turn < TURNS; turn += 1) {
      const plain = await direct.rate(requests, ROUNDS);
      const passed = await through.rate(requests, ROUNDS);
      rates.direct.push(plain);
      rates.through.push(passed);
      rates.shares.push(passed / plain);
    }
    return { through: median(rates.through), direct: median(rates.direct), share: median(rates.shares) };
  }

  it('through clipmuxd are at least half of those to qemu-ga alone, asked as libvirt asks', async () => {
    await Promise.all([through.rate([SYNC, TIME], ROUNDS), direct.rate([SYNC, TIME], ROUNDS)]);
    const shares: number[] = [];
    for (const [name, requests] of Object.entries(PATTERNS)) {
      const { through: passed, direct: plain, share } = await compare(requests);
      console.log(`${name}: ${Math.round(passed)}/s, to qemu-ga alone ${Math.round(plain)}/s: ${share.toFixed(2)}`);
      shares.push(share);
    }
    let [best = 0] = shares;
    for (let attempt = 1; attempt < ATTEMPTS && best < SHARE_MIN; attempt += 1) {
      best = Math.max(best, (await compare([SYNC, TIME])).share);
    }
    expect(best).toBeGreaterThanOrEqual(SHARE_MIN);
  }, 120_000);
});
