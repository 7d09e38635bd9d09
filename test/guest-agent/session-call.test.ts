/** Methods that programs of sessions serve: the guest agent's client → clipmuxd → clipmux-session → clipmuxctl session-serve, and back. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SERVED_CALLS_MAX } from '@clipmux/rpc';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Desk } from '../sessions/desk.ts';
import { World } from '../sessions/world.ts';
import { run, stopProcess } from '../support/processes.ts';
import { makeUsers, removeUsers, type TestUser } from '../support/users.ts';
import { until, within } from '../support/wait.ts';
import { AgentClient } from './client.ts';

const directory = mkdtempSync(join(tmpdir(), 'clipmux-session-call-'));
const path = join(directory, 'sock');
const config = (...lines: readonly string[]) => ['[guest-agent]', `ports = ["unix:${path}"]`, ...lines, ''].join('\n');

let users: Record<'alice' | 'bob', TestUser>;
let world: World;
/** At the seat, and beside it. */
let alice: Desk;
let bob: Desk;
let client: AgentClient;
const serving: Serving[] = [];

/** clipmuxctl session-serve, as a user runs it in a session. */
class Serving {
  readonly process: ChildProcess;
  out = '';
  err = '';

  constructor(desk: Desk, handlers: readonly string[]) {
    const { dist, node } = world.programs;
    const args = handlers.flatMap((handler) => ['--handler', handler]);
    const env = { ...desk.xvfb.env, XDG_RUNTIME_DIR: runtimeOf(desk.user) };
    const { uid, gid } = desk.user;
    this.process = spawn(node, [join(dist, 'clipmuxctl.cjs'), 'session-serve', ...args], { env, uid, gid });
    this.process.stdout?.on('data', (bytes: Buffer) => {
      this.out += bytes.toString();
    });
    this.process.stderr?.on('data', (bytes: Buffer) => {
      this.err += bytes.toString();
    });
    serving.push(this);
  }

  /** Waits until it has printed that. */
  async printed(pattern: RegExp): Promise<void> {
    await until(() => {
      if (this.process.exitCode !== null) throw new Error(`it ended: ${this.out}${this.err}`);
      return pattern.test(this.out);
    }, `clipmuxctl to print ${pattern}`);
  }
}

async function serve(desk: Desk, ...handlers: readonly string[]): Promise<Serving> {
  const program = new Serving(desk, handlers);
  await program.printed(/serving/);
  return program;
}

function runtimeOf({ name }: TestUser): string {
  return join(world.programs.directory, `run-${name}`);
}

beforeAll(async () => {
  users = await makeUsers('alice', 'bob');
  world = await World.start({ config: config() });
  for (const { uid, gid, ...user } of Object.values(users)) {
    mkdirSync(runtimeOf({ uid, gid, ...user }), { mode: 0o700 });
    chownSync(runtimeOf({ uid, gid, ...user }), uid, gid);
  }
  [alice, bob] = await Promise.all([
    Desk.open(world, users.alice, { id: '1', active: true }, { runtime: runtimeOf(users.alice) }),
    Desk.open(world, users.bob, { id: '2' }, { runtime: runtimeOf(users.bob) }),
  ]);
  await Promise.all([alice, bob].map(({ agent }) => agent.said(/programs may call the host/)));
  client = await AgentClient.connect(path);
});

beforeEach(async () => {
  await configure();
  world.mock.unlock(alice.login);
  await world.chosen(alice.id, 'active-on-seat');
});

afterEach(async () => {
  await Promise.all(serving.splice(0).map((program) => stopProcess(program.process)));
});

afterAll(async () => {
  client?.close();
  await Promise.all([alice?.close(), bob?.close()]);
  await world?.end();
  await removeUsers(users);
  rmSync(directory, { recursive: true, force: true });
});

async function configure(...lines: readonly string[]): Promise<void> {
  writeFileSync(world.configPath, config(...lines));
  await world.control.call('config.reload', {});
}

const call = (method: string, params: object = {}, more: object = {}, asker = client) =>
  asker.call<{ session: number; result: unknown }>('guest-session-call', { method, params, ...more }, 30_000);

/** The error's text. */
async function refusal(method: string, more: object = {}): Promise<string> {
  const { error } = await client.ask(
    JSON.stringify({ execute: 'guest-session-call', arguments: { method, ...more } }),
    30_000,
  );
  expect(error?.class).toBe('GenericError');
  return error?.desc ?? '';
}

describe('a method that a program of a session serves', () => {
  it('is called with its parameters, and whatever JSON the program prints is the result', async () => {
    const program = await serve(alice, 'echo=cat', 'who=id -un | jq -R .');
    const params = { text: "'; rm -rf /; hush\n", list: [1, null, { deep: true }] };
    expect(await call('echo', params)).toEqual({ session: alice.id, result: params });
    expect(await call('echo', {}, { session: alice.id })).toEqual({ session: alice.id, result: {} });
    expect(program.out).not.toContain('hush');
    expect(world.daemon.log + alice.agent.log).not.toContain('hush');
  });

  it('gives each of many clients the answer to its own call, whatever the order', async () => {
    // Each call waits until the file of its number is there: the test chooses the order.
    const ready = (number: number) => join(runtimeOf(users.alice), `go-${number}`);
    const script = join(directory, 'in-order');
    writeFileSync(
      script,
      `#!/bin/sh\nread -r json\nn=$(echo "$json" | tr -dc 0-9)\nwhile ! test -e ${runtimeOf(users.alice)}/go-$n; do sleep 0.02; done\necho "$json"\n`,
      { mode: 0o755 },
    );
    await run('chmod', ['755', directory]);
    await serve(alice, `wait=sh ${script}`);
    const numbers = Array.from({ length: SERVED_CALLS_MAX }, (_, number) => number);
    const clients = await Promise.all(numbers.map(() => AgentClient.connect(path)));
    const order: number[] = [];
    try {
      const answers = numbers.map(async (number) => {
        const { result } = await call('wait', { number }, {}, clients[number]);
        order.push(number);
        return result;
      });
      const wanted = [...numbers].sort((one, other) => ((one * 5) % 8) - ((other * 5) % 8));
      for (const number of wanted) {
        writeFileSync(ready(number), '');
        await within(
          (async () => {
            while (!order.includes(number)) await Promise.race(answers.filter((_, index) => !order.includes(index)));
          })(),
          `the answer to ${number}`,
        );
      }
      expect(await Promise.all(answers)).toEqual(numbers.map((number) => ({ number })));
      expect(order).toEqual(wanted);
    } finally {
      for (const each of clients) each.close();
    }
  });

  it('that fails, or that nobody serves, or may be called, is an error that says so', async () => {
    await serve(alice, 'fail=echo no such share >&2; exit 3', 'junk=echo what');
    expect(await refusal('fail')).toBe('the program that serves fail answered with an error: no such share');
    expect(await refusal('junk')).toMatch(/printed what is no JSON$/);
    expect(await refusal('nothing')).toBe(
      'no program of this session serves nothing: start one (clipmuxctl session-serve)',
    );
    expect(await refusal('session.serve')).toMatch(/^there is no method session\.serve/);
    await configure('session-methods = ["other"]');
    expect(await refusal('fail')).toBe('fail may not be called: see guest-agent.session-methods');
    expect(await call('ping')).toEqual({ session: alice.id, result: {} });
  });

  it('that takes too long is given up, and its command is ended', async () => {
    const ended = join(runtimeOf(users.alice), 'ended');
    await serve(alice, `late=trap 'echo > ${ended}; exit 1' TERM; sleep 60 & wait`, 'echo=cat');
    expect(await refusal('late', { timeout: 700 })).toBe('the program that serves late did not answer within 700 ms');
    await until(() => existsSync(ended), 'the command to be ended');
    expect((await call('echo', { on: 1 })).result).toEqual({ on: 1 });
  });

  it('is given up by clipmux-host after the time that it was given: status 4', async () => {
    await serve(alice, 'late=sleep 60', 'fail=echo no such share >&2; exit 3');
    const host = (...args: string[]) =>
      run(world.programs.node, [join(world.programs.dist, 'clipmux-host.cjs'), '--socket', path, ...args]);
    expect(await host('session-call', 'late', '--timeout', '0.7')).toMatchObject({
      code: 4,
      stderr: 'clipmux-host: the program that serves late did not answer within 700 ms\n',
    });
    expect(await host('session-call', 'fail')).toMatchObject({ code: 1 });
  });

  it('fails at once when its program is killed, and can be served by the next', async () => {
    const begun = join(runtimeOf(users.alice), 'begun');
    const program = await serve(alice, `slow=echo > ${begun}; sleep 5`);
    const failed = refusal('slow', { timeout: 600_000 });
    await until(() => existsSync(begun), 'the command to begin');
    program.process.kill('SIGKILL');
    expect(await failed).toMatch(/^the program that serves slow went before it answered .*is unknown$/);
    await serve(alice, 'slow=echo 1');
    expect((await call('slow')).result).toBe(1);
  });

  it('has one server: a second one is refused and ends', async () => {
    await serve(alice, 'a=echo 1');
    const second = new Serving(alice, ['b=echo 2', 'a=echo 2']);
    await until(() => second.process.exitCode !== null, 'the second to end');
    expect([second.process.exitCode, second.err]).toEqual([
      1,
      expect.stringContaining('another program of this session serves a: end it first'),
    ]);
    expect(await refusal('b')).toMatch(/^no program/);
    expect((await call('a')).result).toBe(1);
  });

  it('is served again when the agent restarts', async () => {
    const program = await serve(alice, 'a=echo 1');
    await alice.agent.stop();
    await program.printed(/disconnected/);
    await alice.startAgent({ runtime: runtimeOf(users.alice) });
    await world.chosen(alice.id, 'active-on-seat');
    await program.printed(/serving[\s\S]*serving/);
    expect(await call('a')).toEqual({ session: alice.id, result: 1 });
    await stopProcess(program.process);
    expect(program.process.exitCode).toBe(0);
  });

  it('can be served by any program, by lines of JSON', async () => {
    const number = alice.xvfb.display.slice(1);
    const program = connect(join(runtimeOf(users.alice), 'clipmux', `display-${number}.sock`));
    await once(program, 'connect');
    const lines = createInterface(program)[Symbol.asyncIterator]();
    program.write('{"jsonrpc": "2.0", "id": 1, "method": "session.serve", "params": {"methods": ["choose-file"]}}\n');
    expect(JSON.parse((await lines.next()).value)).toEqual({ jsonrpc: '2.0', id: 1, result: {} });
    const answer = call('choose-file', { title: 'Which one?' });
    const { id, method, params } = JSON.parse((await lines.next()).value);
    expect([method, params]).toEqual([
      'session.call',
      { call: expect.any(Number), method: 'choose-file', params: { title: 'Which one?' }, timeoutMs: 10_000 },
    ]);
    program.write(`{"jsonrpc": "2.0", "id": ${id}, "result": {"return": {"name": "report.odt"}}}\n`);
    expect((await answer).result).toEqual({ name: 'report.odt' });
    program.destroy();
  });
});

describe('what holds for copy and paste', () => {
  it('holds for methods: only those of the session that takes part are called, unless the host is privileged', async () => {
    await Promise.all([serve(alice, 'who=echo 1'), serve(bob, 'who=echo 2')]);
    expect(await call('who')).toEqual({ session: alice.id, result: 1 });
    expect(await refusal('who', { session: bob.id })).toMatch(/^session \d+ does not take part: select it/);
    expect(await refusal('who', { session: 999 })).toBe('no session has the id 999');
    await configure('privileged = true');
    expect(await call('who', {}, { session: bob.id })).toEqual({ session: bob.id, result: 2 });
  });

  it('holds for a session that is locked, also while its program is at work', async () => {
    const [begun, go] = ['lock-begun', 'lock-go'].map((name) => join(runtimeOf(users.alice), name)) as [string, string];
    const count = join(runtimeOf(users.alice), 'lock-count');
    await serve(alice, `who=echo x >> ${count}; echo > ${begun}; while ! test -e ${go}; do sleep 0.02; done; echo 1`);
    const failed = refusal('who');
    await until(() => existsSync(begun), 'the command to begin');
    world.mock.lock(alice.login);
    await world.chosen(null, 'locked');
    writeFileSync(go, '');
    expect(await failed).toMatch(/^session \d+ is locked \(who was called; what it returned is not handed on\)$/);
    expect(await refusal('who', { session: alice.id })).toMatch(/^session \d+ is locked$/);
    expect(await refusal('who')).toMatch(/^no session takes part now/);
    expect(readFileSync(count, 'utf8')).toBe('x\n');
  });
});
