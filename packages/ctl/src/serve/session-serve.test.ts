import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlWire, type PeerMethod, parseServe, RpcError, SERVED_CALLS_MAX } from '@clipmux/rpc';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Ran, runCtl } from '../fake-clipmuxd.fixture.ts';

/** The socket of an agent that says of each `session.serve` what the test says, and calls what is served. */
class FakeAgent {
  readonly #server: Server;
  readonly wires: ControlWire[] = [];
  readonly served: (readonly string[])[] = [];
  refusal: RpcError | undefined;
  #calls = 0;

  constructor(path: string) {
    const serve: PeerMethod = {
      kind: 'call',
      parse: parseServe,
      handle: (params) => {
        if (this.refusal) throw this.refusal;
        this.served.push((params as { methods: readonly string[] }).methods);
        return {};
      },
    };
    this.#server = createServer((socket) => {
      this.wires.push(
        new ControlWire(socket, { role: 'server', methods: new Map([['session.serve', serve]]), closed: () => {} }),
      );
    }).listen(path);
  }

  /** Calls over the newest connection. @returns the number of the call, and what comes of it */
  call(method: string, params: object = {}): { readonly call: number; readonly answer: Promise<unknown> } {
    this.#calls += 1;
    const sent = { call: this.#calls, method, params };
    return { call: this.#calls, answer: this.wires.at(-1)?.call('session.call', sent) ?? Promise.reject() };
  }

  cancel(call: number): void {
    this.wires.at(-1)?.notify('session.cancel', { call });
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const wire of this.wires) wire.close(new RpcError('shutting-down', 'the agent of this session ends'));
    await closed;
  }
}

let directory: string;
let path: string;
let agent: FakeAgent;
let ended: AbortController;
let output: string;
let ran: Promise<Ran> | undefined;

function serve(...args: readonly string[]): Promise<Ran> {
  ran = runCtl(['session-serve', '--agent', path, ...args], {
    ended: ended.signal,
    env: process.env,
    output: (text) => {
      output = text;
    },
  });
  return ran;
}

const handlers = (...each: readonly string[]): string[] => each.flatMap((one) => ['--handler', one]);
const says = (pattern: RegExp): Promise<unknown> => vi.waitUntil(() => pattern.test(output), { timeout: 5000 });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'clipmux-serve-'));
  path = join(directory, 'agent.sock');
  agent = new FakeAgent(path);
  ended = new AbortController();
  output = '';
  ran = undefined;
});
afterEach(async () => {
  ended.abort();
  await ran;
  await agent.stop();
  rmSync(directory, { recursive: true });
});

describe('clipmuxctl session-serve', () => {
  it('answers calls by commands, as many at once as the agent makes, and prints no content', async () => {
    const done = serve(...handlers('echo=cat', 'a.b=echo no such file >&2; false', 'odd=x=1; echo "\\"$x\\""'));
    await says(/serving/);
    expect(agent.served).toEqual([['echo', 'a.b', 'odd']]);
    const numbers = Array.from({ length: SERVED_CALLS_MAX }, (_, number) => number);
    const answers = numbers.map((number) => agent.call('echo', { number, secret: 'hush' }).answer);
    expect(await Promise.all(answers)).toEqual(numbers.map((number) => ({ return: { number, secret: 'hush' } })));
    await expect(agent.call('a.b').answer).rejects.toMatchObject({ name: 'program-error', message: 'no such file' });
    await expect(agent.call('c').answer).rejects.toMatchObject({ name: 'method-not-found' });
    expect(await agent.call('odd').answer).toEqual({ return: '1' });
    ended.abort();
    const { status, stdout, stderr } = await done;
    expect([status, stderr]).toEqual([0, '']);
    const lines = stdout.toString().split('\n');
    expect(lines[0]).toBe('2023-11-14T22:15:00.000Z serving methods="echo,a.b,odd"');
    expect(lines).toContain('2023-11-14T22:15:00.000Z answered method="echo"');
    expect(lines).toContain('2023-11-14T22:15:00.000Z failed method="a.b"');
    expect(stdout.toString()).not.toContain('hush');
  });

  it('prints JSON where that is wanted', async () => {
    const done = serve('--json', ...handlers('echo=cat'));
    await says(/serving/);
    ended.abort();
    expect(JSON.parse((await done).stdout.toString())).toEqual({
      time: '2023-11-14T22:15:00.000Z',
      event: 'serving',
      methods: 'echo',
    });
  });

  it('ends a command whose call is taken back, and no other', async () => {
    const file = (name: string): string => join(directory, name);
    const waits = `read -r name; name=$(echo "$name" | tr -dc a-z); : > ${directory}/$name; exec sleep 60`;
    void serve(
      ...handlers(
        `wait=trap ': > ${file('ended')}; exit 1' TERM; : > ${file('ready')}; sleep 60 & wait`,
        `other=${waits}`,
      ),
    );
    await says(/serving/);
    const { call, answer } = agent.call('wait');
    const failed = expect(answer).rejects.toMatchObject({ name: 'program-error' });
    const other = agent.call('other', { x: 1 }).answer;
    let isOver = false;
    const over = other.catch(() => {}).then(() => (isOver = true));
    await vi.waitUntil(() => existsSync(file('ready')), { timeout: 5000 });
    agent.cancel(call);
    agent.cancel(99);
    await failed;
    expect([existsSync(file('ended')), isOver]).toEqual([true, false]);
    ended.abort();
    await over;
  });

  it('comes back when the agent does', async () => {
    const done = serve(...handlers('echo=cat'));
    await says(/serving/);
    await agent.stop();
    await says(/disconnected reason="the agent of this session ends"/);
    agent = new FakeAgent(path);
    await vi.waitUntil(() => agent.served.length === 1, { timeout: 5000 });
    expect(await agent.call('echo', { back: true }).answer).toEqual({ return: { back: true } });
    ended.abort();
    expect((await done).status).toBe(0);
  });

  it('ends where another program serves the method, also when it comes back', async () => {
    agent.refusal = new RpcError('already-served', 'another program of this session serves echo: end it first');
    expect(await serve(...handlers('echo=cat'))).toMatchObject({
      status: 1,
      stderr: 'clipmuxctl: another program of this session serves echo: end it first\n',
    });
    const { refusal } = agent;
    agent.refusal = undefined;
    const done = serve(...handlers('echo=cat'));
    await says(/serving/);
    agent.refusal = refusal;
    agent.wires.at(-1)?.close();
    expect((await done).status).toBe(1);
  });

  it('says so where the agent is too old, or is not there', async () => {
    agent.refusal = new RpcError('method-not-found', 'no such method here');
    expect((await serve(...handlers('echo=cat'))).stderr).toMatch(/too old to have methods served: restart it/);
    await agent.stop();
    rmSync(path, { force: true });
    const gone = await serve(...handlers('echo=cat'));
    expect([gone.status, gone.stderr]).toEqual([5, expect.stringContaining('cannot be reached')]);
  });

  it.each([
    [[], 'at least one --handler METHOD=COMMAND is needed'],
    [handlers('echo'), '--handler echo: must be METHOD=COMMAND'],
    [handlers('echo='), '--handler echo=: must be METHOD=COMMAND'],
    [handlers('=cat'), '--handler =cat: must be METHOD=COMMAND'],
    [handlers('a b=cat'), '--handler a b=cat: must be METHOD=COMMAND'],
    [handlers('ping=cat'), '--handler ping: clipmux\'s own names are "ping" and'],
    [handlers('a=cat', 'a=cat'), '--handler a is given twice'],
  ])('is used wrongly: %j', async (args, message) => {
    const { status, stderr } = await serve(...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
