import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WireAgent } from '../sessions/wire-agent.ts';
import { accepts, Program } from '../support/chain.ts';
import { run, stopProcess } from '../support/processes.ts';
import { until } from '../support/wait.ts';

const HOST_PROGRAM = join(import.meta.dirname, '../../dist/clipmux-host.cjs');

let directory: string;
let daemon: Program;
let agent: WireAgent;
const at = (name: string): string => join(directory, name);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'clipmux-host-'));
  writeFileSync(
    at('clipmux.toml'),
    `[guest-agent]\nports = ["unix:${at('agent.sock')}"]\n` +
      `[host-calls]\nport = "unix:${at('calls.sock')}"\nallow = ["add", "echo", "fail", "slow", "junk", "who"]\n`,
  );
  daemon = new Program('clipmuxd', [
    ...['--no-logind', '--log-level', 'debug', '--config', at('clipmux.toml')],
    ...['--session-socket', at('session.sock'), '--port', `unix:${at('nobody.sock')}`],
  ]);
  await until(() => {
    if (daemon.process.exitCode !== null) throw new Error(`clipmuxd ended before it was ready:\n${daemon.log}`);
    return accepts(at('agent.sock'));
  }, 'clipmuxd to be ready');
  agent = await WireAgent.connect(at('session.sock'), { display: ':7' });
});
afterAll(async () => {
  await agent?.close();
  await daemon?.stop();
  rmSync(directory, { recursive: true });
});

async function host(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const { code, stdout, stderr } = await run(process.execPath, [HOST_PROGRAM, '--socket', at('agent.sock'), ...args]);
  return { code, out: stdout.toString(), err: stderr };
}

describe("clipmux-host at the guest agent's port", () => {
  it('lists sessions, and marks the one that takes part', async () => {
    const { code, out } = await host('sessions');
    expect([code, out]).toEqual([0, `* ${agent.id} 0 :7\n`]);
    expect(JSON.parse((await host('sessions', '--json')).out)).toMatchObject({ eligible: agent.id });
  });

  it('gives a session content of several pieces, and reads what a program there copied', async () => {
    const content = Buffer.alloc(5_000_000, 'from the host. ');
    writeFileSync(at('content'), content);
    expect(await host('set', at('content'))).toEqual({ code: 0, out: '', err: '' });
    await agent.owns();
    expect(await agent.paste()).toBe(content.toString());
    agent.copy(`${content}and back`);
    await agent.heard();
    expect((await host('get', '--output', at('back'))).code).toBe(0);
    expect(readFileSync(at('back'), 'utf8')).toBe(`${content}and back`);
    expect((await host('get', '--session', String(agent.id))).out).toBe(`${content}and back`);
  });

  it('calls any command, and ends with status 1 and the reason for an error of the guest', async () => {
    const given = JSON.stringify({ session: agent.id, method: 'ping' });
    expect(JSON.parse((await host('call', 'guest-session-call', given)).out)).toEqual({
      session: agent.id,
      result: {},
    });
    // It would not answer if it succeeded.
    expect(await host('call', 'guest-shutdown')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('guest-shutdown has not been found'),
    });
    expect(await host('call', 'guest-nonsense')).toEqual({
      code: 1,
      out: '',
      err: 'clipmux-host: The command guest-nonsense has not been found\n',
    });
    expect(await host('get', '--session', '99')).toMatchObject({ code: 1, out: '' });
  });

  it('sends arguments as they were written, and prints what came back', async () => {
    for (const command of ['guest-sync', 'guest-sync-delimited']) {
      expect(await host('call', command, '{"id":\n9007199254740993}')).toEqual({
        code: 0,
        out: '9007199254740993\n',
        err: '',
      });
    }
    // 1.0 is no integer in the dialect.
    expect(await host('call', 'guest-sync', '{"id":1.0}')).toMatchObject({ code: 1, out: '' });
  });

  it('ends with status 3 where there is nothing to paste, or not in this type', async () => {
    agent.copy('some text');
    await agent.heard();
    expect(await host('get', '--type', 'image/png')).toEqual({
      code: 3,
      out: '',
      err: 'clipmux-host: image/png is not among the types offered\n',
    });
    expect(await host('get', '--selection', 'primary', '--session', String(agent.id))).toEqual({
      code: 3,
      out: '',
      err: `clipmux-host: primary in session ${agent.id} holds nothing for the host\n`,
    });
  });

  it('ends with status 4 where the agent of a session does not answer', async () => {
    agent.socket.pause();
    try {
      expect(await host('session-call', 'ping')).toMatchObject({
        code: 4,
        err: expect.stringMatching(/session \d+ did not answer within 2000 ms/),
      });
    } finally {
      agent.socket.resume();
    }
  });

  it('calls a method in a session, and prints what it returns', async () => {
    expect(await host('session-call', 'ping', '--session', String(agent.id))).toEqual({
      code: 0,
      out: '{}\n',
      err: '',
    });
    expect(await host('session-call', 'selection.targets', '{"selection": "primary"}')).toEqual({
      code: 0,
      out: '{"owner":"nobody","types":[]}\n',
      err: '',
    });
    // An agent that knows nothing of such calls, as those that are older.
    expect(await host('session-call', 'choose-file', '--timeout', '5')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/the agent of this session, test 0, is too old to call programs: restart it/),
    });
  });

  it('lists sessions also where an agent says what is no character', async () => {
    const odd = await WireAgent.connect(at('session.sock'), { display: ':7\ufdd0', name: 'evil\uffff' });
    expect((await host('sessions')).code).toBe(0);
    const { sessions } = JSON.parse((await host('sessions', '--json')).out) as { sessions: { id: number }[] };
    expect(sessions.find(({ id }) => id === odd.id)).toMatchObject({
      display: ':7\ufffd',
      agent: { name: 'evil\ufffd' },
    });
    await odd.close();
  });

  it.each([
    ['sessions', '--listen'],
    ['call'],
    ['call', 'guest-ping', '[]'],
    ['get', '--session', 'x'],
    ['serve'],
    ['serve', '--handler', 'nothing'],
    ['events', '--timeout', '5'],
  ])('is used wrongly: %s %s', async (...args) => {
    expect((await host(...args)).code).toBe(2);
  });
});

describe('clipmux-host at the port for calls', () => {
  it('answers calls of sessions by programs, and tells events', async () => {
    const serving = new Program('clipmux-host', [
      ...['--socket', at('calls.sock'), '--listen', 'serve'],
      ...['--handler', "add=node -e 'const {a, b} = JSON.parse(fs.readFileSync(0)); console.log(a + b)'"],
      ...['--handler', 'echo=cat'],
      ...['--handler', 'fail=echo no such share >&2; exit 3'],
      ...['--handler', 'junk=echo what'],
      ...['--handler', 'slow=cat > /dev/null; sleep 60'],
      ...['--handler', 'who=echo $CLIPMUX_SESSION'],
    ]);
    const { wire } = agent;
    const failure = (error: unknown) => error as { name: string; details: readonly string[] };
    await daemon.said(/port is open .*calls\.sock/);
    const slow = wire.hostCall('slow').catch(failure);
    expect(await Promise.all([1, 2, 3].map((a) => wire.hostCall('add', { a, b: 10 })))).toEqual([11, 12, 13]);
    expect(await wire.hostCall('who')).toBe(agent.id);
    expect(await wire.hostCall('echo', { text: 'a\uffff', 'na\ufdd0me': '\ud800' })).toEqual({
      text: 'a\ufffd',
      'na\ufffdme': '\ufffd',
    });
    expect(await wire.hostCall('fail').catch(failure)).toMatchObject({
      name: 'host-error',
      details: ['GenericError', 'no such share'],
    });
    expect(await wire.hostCall('junk').catch(failure)).toMatchObject({ name: 'host-error' });
    await serving.stop('SIGTERM');
    expect(serving.process.exitCode).toBe(0);
    expect(await slow).toMatchObject({ name: 'host-absent' });
  });

  it('tells the events of the guest, a line for each, until it is ended', async () => {
    const args = ['--socket', at('calls.sock'), '--listen', 'events', '--json'];
    const events = spawn(process.execPath, [HOST_PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    events.stdout.on('data', (bytes: Buffer) => {
      out += bytes.toString();
    });
    try {
      await until(() => out.includes('"READY"'), 'the first event');
      const other = await WireAgent.connect(at('session.sock'), { display: ':8\ufdd0' });
      await other.close();
      await until(() => out.includes('"SESSION_REMOVED"'), 'the session to be gone');
      const told = out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { event: string; session?: number; display?: string });
      expect(told).toContainEqual(
        expect.objectContaining({ event: 'SESSION_ADDED', session: agent.id, display: ':7' }),
      );
      expect(told).toContainEqual(
        expect.objectContaining({ event: 'SESSION_ADDED', session: other.id, display: ':8\ufffd' }),
      );
      expect(told).toContainEqual(expect.objectContaining({ event: 'SESSION_REMOVED', session: other.id }));
    } finally {
      await stopProcess(events);
    }
    expect(events.exitCode).toBe(0);
  });
});
