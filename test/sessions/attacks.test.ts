import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TEXT_TYPE } from '@clipmux/host';
import { encodeDataFrame, encodeJsonFrame, JSON_FRAME_BYTES_MAX, type RpcError } from '@clipmux/rpc';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cpuSecondsOf, memoryOf } from '../bench/process-usage.ts';
import { contentsOf, nextEvent } from '../support/exchange.ts';
import { seeded } from '../support/random.ts';
import { connectAs, makeUsers, removeUsers, type TestUser } from '../support/users.ts';
import { until, within } from '../support/wait.ts';
import { WireAgent, type WireAgentOptions } from './wire-agent.ts';
import { World } from './world.ts';

const MIB = 1024 * 1024;
/** What an attacker of these tests opens at once: far more than any limit, and fewer than a process may have files. */
const FLOOD = 1500;
/** What clipmuxd may hold for one user: `connections-per-user` times a frame that is being sent and answers that are not read. */
const MEMORY_OF_A_USER_MIB = 32 * (1 + 4) + 8;
/** How long an honest user may have to wait while another one attacks, in ms. */
const HONEST_WAIT_MS = 2000;
/** HELLO_TIMEOUT_MS, and what it may take longer on a busy machine. */
const HELLO_TIMEOUT_MS = 5000;
const SLACK_MS = 1500;

/** Printed, so that a failure can be had again. */
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 32));

/**
 * A process that connects and says so, and at a word leaves its connection to a child, which says hello when the parent has gone
 * and prints the answer.
 */
const HEIR = `
import json, os, socket, struct, sys, time
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
print("connected", flush=True)
sys.stdin.readline()
parent = os.getpid()
if os.fork() > 0:
    os._exit(0)
while os.getppid() == parent:
    time.sleep(0.001)
params = {"version": 1, "agent": {"name": "heir", "version": "0"}, "display": ":0", "session": None}
hello = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "session.hello", "params": params}).encode()
connection.sendall(struct.pack("<IB", len(hello), 0) + hello)
length, _ = struct.unpack("<IB", connection.recv(5))
print(connection.recv(length).decode(), flush=True)
while connection.recv(4096):
    pass
`;

let users: Record<'alice' | 'mallory', TestUser>;
let world: World;
let alice: WireAgent;
const agents: WireAgent[] = [];
const sockets: Socket[] = [];

beforeAll(async () => {
  users = await makeUsers('alice', 'mallory');
  world = await World.start({ logLevel: 'info' });
});
afterAll(async () => {
  await world?.end();
  await removeUsers(users);
});
/** Alice sits at the seat; the host offers her something. Mallory is logged in, too, and is not active. */
beforeEach(async () => {
  world.mock.addSession({ id: '1', uid: users.alice.uid, user: users.alice.name, active: true });
  world.mock.addSession({ id: '2', uid: users.mallory.uid, user: users.mallory.name });
  alice = await connect(users.alice);
  world.host.copy('clipboard', contentsOf('of the host'));
  await alice.owns();
});
/** Whatever happened: clipmuxd still runs, and Alice is served both ways. */
afterEach(async () => {
  await expectServed();
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(agents.splice(0).map((agent) => agent.close()));
  for (const id of ['1', '2']) world.mock.removeSession(id);
});

async function connect(user: TestUser, options: WireAgentOptions = {}): Promise<WireAgent> {
  const agent = await WireAgent.connect(world.sessionSocket, { uid: user.uid, ...options });
  agents.push(agent);
  return agent;
}

/** A connection of Mallory's at the level of bytes. */
function attack(options: { readonly reads?: boolean } = {}): Socket {
  const socket = connectAs(users.mallory.uid, world.sessionSocket, options);
  if (options.reads !== false) socket.resume();
  sockets.push(socket);
  return socket;
}

async function expectServed(): Promise<void> {
  await world.host.ready({ timeout: 10_000 });
  const grabbed = nextEvent(world.host, 'grabbed');
  alice.copy('heard');
  await grabbed;
  expect(Buffer.from(await world.host.paste('clipboard', TEXT_TYPE, { timeout: 10_000 })).toString()).toBe('heard');
  world.host.copy('clipboard', contentsOf('served'));
  await alice.owns();
  expect(await alice.paste()).toBe('served');
}

function hello(named: string | null = null): Buffer {
  const params = { version: 1, agent: { name: 'mallory', version: '0' }, display: ':0', session: named };
  return encodeJsonFrame(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'session.hello', params }));
}

/** An agent of Mallory's that is let in and reads nothing. */
async function connectDeaf(): Promise<Socket> {
  const connected = world.happens('session-added', ({ uid }) => uid === users.mallory.uid);
  const deaf = attack({ reads: false });
  deaf.write(hello());
  await connected;
  return deaf;
}

/** Asks, without reading, until clipmuxd has cut it off. Returns the most memory that clipmuxd had meanwhile, in MiB. */
async function gorge(deaf: Socket): Promise<number> {
  let cut = false;
  const gone = world
    .happens('session-removed', ({ reason }) => /does not read/.test(reason))
    .then(() => {
      cut = true;
    });
  // The answer carries the id, which may be long.
  const ask = JSON.stringify({ jsonrpc: '2.0', id: 'x'.repeat(255), method: 'ping', params: {} });
  const asks = Buffer.concat(Array.from({ length: 1000 }, () => encodeJsonFrame(ask)));
  let peak = 0;
  for (let round = 0; round < 100 && !cut; round += 1) {
    deaf.write(asks);
    await alice.heard();
    peak = Math.max(peak, memoryOf(world.daemon.process.pid as number).rss);
  }
  await gone;
  return peak;
}

/** Settles when it is closed; hands back all that came. */
async function closing(socket: Socket): Promise<string> {
  const pieces: Buffer[] = [];
  socket.on('data', (piece) => pieces.push(piece));
  if (!socket.closed) await within(once(socket, 'close'), 'the connection to be closed', HELLO_TIMEOUT_MS + 5000);
  return Buffer.concat(pieces).toString('latin1');
}

/** CPU seconds that clipmuxd needs for this. */
async function cpuFor(work: () => Promise<unknown>): Promise<number> {
  const pid = world.daemon.process.pid as number;
  const before = cpuSecondsOf(pid);
  await work();
  return cpuSecondsOf(pid) - before;
}

describe('the CVEs of spice-vdagent', () => {
  it('CVE-2020-25650, memory exhaustion by a local user: what one user can make clipmuxd hold is bounded', async () => {
    const pid = world.daemon.process.pid as number;
    const before = memoryOf(pid).rss;
    const deaf = await connectDeaf();
    // As many connections as one user may have, each with a frame that never ends, announced as large as may be …
    const frame = Buffer.alloc(JSON_FRAME_BYTES_MAX, 0x20);
    frame.writeUInt32LE(JSON_FRAME_BYTES_MAX, 0);
    frame.writeUInt8(0, 4);
    for (let count = 0; count < 40; count += 1) attack({ reads: false }).write(frame);
    // … and one that asks and never reads an answer, until it is cut off.
    const peak = await gorge(deaf);
    console.log(`RSS of clipmuxd, MiB: ${before.toFixed(0)} before, ${peak.toFixed(0)} at most`);
    expect(peak - before).toBeLessThan(MEMORY_OF_A_USER_MIB);
  });

  it('CVE-2020-25651, data reaches another local user: not by asking, not by answering in their place', async () => {
    const mallory = await connect(users.mallory);
    await expect(mallory.paste()).rejects.toMatchObject({ name: 'denied' });
    expect(mallory.given()).toBeNull();
    // What Alice copies goes to the host alone, though Mallory answers every request that there could be before her.
    const grabbed = nextEvent(world.host, 'grabbed');
    alice.copy('of alice');
    await grabbed;
    const pasted = world.host.paste('clipboard', TEXT_TYPE, { timeout: 10_000 });
    for (let id = 0; id < 50; id += 1) {
      const result = { size: 6, type: TEXT_TYPE };
      mallory.socket.write(encodeJsonFrame(JSON.stringify({ jsonrpc: '2.0', id, result })));
      mallory.socket.write(encodeJsonFrame(JSON.stringify({ jsonrpc: '2.0', id: `r${id}`, result })));
    }
    expect(Buffer.from(await pasted).toString()).toBe('of alice');
    await mallory.heard();
    for (const part of encodeDataFrame(1, [Buffer.from('forged')])) mallory.socket.write(part);
    expect(await mallory.closed).toMatchObject({ name: 'protocol-error' });
  });

  it('CVE-2020-25652, connection exhaustion: a user who opens all they can keeps nobody else out', async () => {
    for (let count = 0; count < FLOOD; count += 1) {
      attack({ reads: false }).write(count % 2 === 0 ? 'h' : hello());
      if (count % 100 === 99) await nextTurn();
    }
    const start = performance.now();
    const root = { name: 'root', uid: 0, gid: 0 };
    // As agents do, it comes again where the kernel's queue is full.
    const comesIn = () =>
      connect(root)
        .then(() => true)
        .catch((error: RpcError) => {
          if (error.name !== 'connection-closed') throw error;
          return false;
        });
    await until(comesIn, 'an agent of another user to be let in');
    const took = performance.now() - start;
    console.log(`let in ${took.toFixed(0)} ms after ${FLOOD} connections of another user`);
    expect(took).toBeLessThan(HONEST_WAIT_MS);
    expect(await alice.paste()).toBe('of the host');
  });

  it.each([
    ['another session of the same user', '2'],
    ['the session of another user', '1'],
  ])(
    'CVE-2020-25653, a pid race makes a foreign process the active agent: a number that now belongs to %s counts for nothing',
    async (_, login) => {
      // The process that connects has gone when its child says hello, and its number is somebody else's.
      world.mock.addSession({
        id: '3',
        uid: users.mallory.uid,
        user: users.mallory.name,
        seat: '',
        timestamp: 9_000_000_000_000_000n,
      });
      const { uid, gid } = users.mallory;
      const heir = spawn('python3', ['-c', HEIR, world.sessionSocket], {
        uid,
        gid,
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const lines = createInterface(heir.stdout)[Symbol.asyncIterator]();
      expect((await lines.next()).value).toBe('connected');
      world.mock.bindPid(heir.pid as number, login);
      heir.stdin.end('die\n');
      const { result } = JSON.parse((await within(lines.next(), 'the answer to hello')).value ?? '');
      expect((await world.session(result.session))?.logind?.id).toBe('3');
      expect(world.choice.session).toBe(alice.id);
      const left = world.happens('session-removed', ({ session }) => session === result.session);
      world.mock.removeSession('3');
      await left;
    },
  );
});

describe('requests', () => {
  it('of a session that is not active are refused, and get nothing of another one’s', async () => {
    const mallory = await connect(users.mallory);
    await expect(mallory.paste()).rejects.toMatchObject({ name: 'denied' });
    alice.copy('of alice');
    await alice.heard();
    await expect(mallory.paste()).rejects.toMatchObject({ name: 'denied' });
  });

  it('of a locked session are refused', async () => {
    world.mock.lock('1');
    await alice.lost();
    await expect(alice.paste()).rejects.toMatchObject({ name: 'denied' });
    world.mock.unlock('1');
    await alice.owns();
  });

  it('CVE-2023-6683 of QEMU, content asked for that there is none of: all are answered with nothing, either way', async () => {
    // By the host, of what nobody offers, in every selection and type.
    for (const selection of [0, 1, 2] as const) {
      for (const clipboardType of [0, 1, 2, 99]) {
        const answered = nextEvent(world.host, 'data');
        world.host.send({ type: 'clipboard-request', selection, clipboardType });
        expect(await answered).toMatchObject({ size: 0 });
      }
    }
    // By the guest, answered by the host with nothing, or of a selection that the host never had.
    for (const requests of ['answer-empty', 'answer-none'] as const) {
      world.host.setFaults({ requests });
      const outcome = await alice.paste().catch((error: Error) => error.name);
      expect(['', 'owner-refused']).toContain(outcome);
    }
    world.host.setFaults({});
    await expect(alice.paste('primary')).rejects.toMatchObject({ name: 'no-owner' });
    // By the host, answered by the guest with nothing.
    const grabbed = nextEvent(world.host, 'grabbed');
    alice.copy('');
    await grabbed;
    expect(await world.host.paste('clipboard', TEXT_TYPE, { timeout: 10_000 })).toHaveLength(0);
  });
});

describe('bytes that make no sense', () => {
  it('CVE-2023-3255 of QEMU, an endless loop on bad input: sizes of 0 and sizes that lie cost no time', async () => {
    const word = (...values: number[]) => Buffer.from(Uint32Array.from(values).buffer);
    const cpu = await cpuFor(async () => {
      // Chunks of the host's without bytes, messages without bytes, content that ends before its head, more than announced.
      for (const bytes of [
        ...Array.from({ length: 500 }, () => word(1, 0)),
        word(1, 20, 1, 4, 0, 0, 0),
        word(1, 22, 1, 4, 0, 0, 2, 0).subarray(0, 30),
        word(1, 4, 1),
        word(1, 28, 1, 4, 0, 0, 4, 0, 1),
      ]) {
        world.host.sendBytes(bytes);
      }
      for (const bytes of [
        word(0),
        word(0, 0),
        Buffer.from([0, 0, 0, 0, 0]),
        Buffer.from([4, 0, 0, 0, 1, 0, 0, 0, 0]),
      ]) {
        const socket = attack();
        socket.end(bytes);
        await closing(socket);
      }
      await world.host.ready({ timeout: 10_000 });
      await alice.heard();
    });
    expect(cpu).toBeLessThan(1);
  });

  it.each([
    ['a JSON frame of 2 GiB', Buffer.from([0, 0, 0, 0x80, 0])],
    ['a data frame of 2 GiB', Buffer.from([0, 0, 0, 0x80, 1])],
    ['a JSON frame one byte too large', Buffer.from([1, 0, 0x10, 0, 0])],
    ['a frame of a type that there is not', Buffer.from([1, 0, 0, 0, 7])],
    ['JSON that is none', encodeJsonFrame('{"jsonrpc":"2.0",')],
    ['a JSON-RPC batch', encodeJsonFrame('[]')],
    ['JSON nested beyond reason', encodeJsonFrame('['.repeat(500_000))],
    ['something else before hello', encodeJsonFrame('{"jsonrpc":"2.0","id":1,"method":"ping"}')],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ])('%s ends the connection, with a word why', async (_, bytes) => {
    const socket = attack();
    socket.write(bytes);
    expect(await closing(socket)).toMatch(/session\.end/);
  });

  it('of any kind end the connection and nothing else', async () => {
    console.log(`junk: seed ${SEED}`);
    const random = seeded(SEED);
    for (let count = 0; count < 100; count += 1) {
      const socket = attack();
      const bytes = Buffer.from(
        Array.from({ length: 1 + Math.floor(random() * 400) }, () => Math.floor(random() * 256)),
      );
      // Half of them come after a proper hello.
      if (count % 2 === 0) socket.write(hello());
      socket.end(bytes);
      await closing(socket);
    }
  });
});

describe('connections', () => {
  it('that say nothing, or half a hello, end after five seconds', async () => {
    const start = performance.now();
    const silent = attack();
    const half = attack();
    half.write(hello().subarray(0, 40));
    for (const text of await Promise.all([closing(silent), closing(half)])) expect(text).toMatch(/hello-required/);
    const took = performance.now() - start;
    expect(took).toBeGreaterThan(HELLO_TIMEOUT_MS - 100);
    expect(took).toBeLessThan(HELLO_TIMEOUT_MS + SLACK_MS);
  });

  it('of an agent that reads nothing end, also of the active one; others do not notice', async () => {
    const deaf = await connectDeaf();
    world.mock.activate('2');
    await alice.lost();
    const gone = world.happens('session-removed', ({ reason }) => /does not read/.test(reason));
    await gorge(deaf);
    await gone;
    // What the kernel had already taken is still there to be read; then it ends.
    deaf.resume();
    await closing(deaf);
    world.mock.activate('1');
    await alice.owns();
  });

  it('of an agent that takes nothing of a paste lose that paste; the port is not held up for long', async () => {
    await world.configure('[timeouts]\nsession-stall = "500ms"\n');
    const deaf = await connectDeaf();
    world.mock.activate('2');
    await alice.lost();
    world.host.copy('clipboard', contentsOf({ [TEXT_TYPE]: Buffer.alloc(32 * MIB) }));
    const requested = nextEvent(world.host, 'requested');
    const params = { selection: 'clipboard', type: TEXT_TYPE, transfer: 1 };
    deaf.write(encodeJsonFrame(JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'selection.request', params })));
    await requested;
    world.mock.activate('1');
    await alice.owns();
    const start = performance.now();
    world.host.copy('clipboard', contentsOf({ [TEXT_TYPE]: 'for alice', 'image/png': 'no image' }));
    await alice.until((agent) => agent.given()?.includes('image/png') ?? false, 'the newer copy');
    expect(await alice.paste()).toBe('for alice');
    expect(performance.now() - start).toBeLessThan(HONEST_WAIT_MS);
    await world.configure('');
  });
});
