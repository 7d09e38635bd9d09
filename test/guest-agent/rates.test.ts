import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { median } from '../bench/statistics.ts';
import { Program } from '../support/chain.ts';
import { stopProcess } from '../support/processes.ts';
import { until } from '../support/wait.ts';
import { startXvfb, type Xvfb } from '../support/xvfb.ts';
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

/** A method in a session: its agent is asked, and answers. */
const IN_A_SESSION = '{"execute": "guest-session-call", "arguments": {"session": 1, "method": "ping"}}\n';

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
  const relayed = new RealQemuGa(standIn.directory, 'relayed.sock');
  const relayedTwice = new RealQemuGa(standIn.directory, 'relayed-twice.sock');
  const relays: ChildProcess[] = [];
  let display: Xvfb;
  let agent: Program;
  let through: LineClient;
  let direct: LineClient;
  /** Through a program that passes bytes on and does nothing else: what one more process on the way costs by itself. */
  let bare: LineClient;
  /** Through two of them: as many processes as there are on the way to a session and back. */
  let bareTwice: LineClient;

  beforeAll(async () => {
    await Promise.all([behind.start(), alone.start(), relayed.start(), relayedTwice.start()]);
    const once = await startRelay('relay.sock', relayed.path);
    const twice = await startRelay('relay-2.sock', await startRelay('relay-1.sock', relayedTwice.path));
    await standIn.start([`upstream = "unix:${behind.path}"`], '--session-socket', standIn.sessionSocket);
    display = await startXvfb();
    agent = new Program('clipmux-session', ['--socket', standIn.sessionSocket, '--display', display.display], display);
    await agent.said(/connected to clipmuxd/);
    through = await LineClient.connect(standIn.path);
    direct = await LineClient.connect(alone.path);
    bare = await LineClient.connect(once);
    bareTwice = await LineClient.connect(twice);
  });

  async function startRelay(name: string, target: string): Promise<string> {
    const path = join(standIn.directory, name);
    relays.push(spawn('socat', [`UNIX-LISTEN:${path}`, `UNIX-CONNECT:${target}`], { stdio: 'ignore' }));
    await until(() => existsSync(path), 'socat to listen');
    return path;
  }

  afterAll(async () => {
    for (const client of [through, direct, bare, bareTwice]) client?.close();
    await stopProcess(agent.process);
    await display?.stop();
    await standIn.stop();
    for (const relay of relays) await stopProcess(relay);
    await Promise.all([behind.stop(), alone.stop(), relayed.stop(), relayedTwice.stop()]);
    standIn.remove();
  });

  /**
   * Medians of several turns, in which both come one after the other: a machine that slows down or speeds up does so for both.
   * @param client the way that is measured next to that to qemu-ga alone
   * @param asked what is asked of qemu-ga alone, where that is something else
   */
  async function compare(requests: readonly string[], client = through, asked = requests) {
    const rates = { client: [] as number[], direct: [] as number[], shares: [] as number[] };
    for (let turn = 0; turn < TURNS; turn += 1) {
      const plain = await direct.rate(asked, ROUNDS);
      const passed = await client.rate(requests, ROUNDS);
      rates.direct.push(plain);
      rates.client.push(passed);
      rates.shares.push(passed / plain);
    }
    return { rate: median(rates.client), direct: median(rates.direct), share: median(rates.shares) };
  }

  const line = (name: string, { rate, direct: plain, share }: Awaited<ReturnType<typeof compare>>) =>
    `${name}: ${Math.round(rate)}/s, to qemu-ga alone ${Math.round(plain)}/s: ${share.toFixed(2)}`;

  it('through clipmuxd are at least half of those to qemu-ga alone, asked as libvirt asks', async () => {
    await Promise.all([through.rate([SYNC, TIME], ROUNDS), direct.rate([SYNC, TIME], ROUNDS)]);
    const shares: number[] = [];
    for (const [name, requests] of Object.entries(PATTERNS)) {
      const result = await compare(requests);
      console.log(line(name, result));
      shares.push(result.share);
    }
    console.log(line('guest-get-time, through a bare relay (socat)', await compare([TIME], bare)));
    console.log(line('guest-get-time, through two bare relays', await compare([TIME], bareTwice)));
    console.log(
      line('a ping of a session’s agent, next to guest-get-time', await compare([IN_A_SESSION], through, [TIME])),
    );
    const { return: answer } = JSON.parse((await through.ask(IN_A_SESSION)).toString()) as { return?: unknown };
    expect(answer).toEqual({ session: 1, result: {} });
    let [best = 0] = shares;
    for (let attempt = 1; attempt < ATTEMPTS && best < SHARE_MIN; attempt += 1) {
      best = Math.max(best, (await compare([SYNC, TIME])).share);
    }
    expect(best).toBeGreaterThanOrEqual(SHARE_MIN);
  }, 120_000);
});
