/** Programs of a session that call the host: clipmuxctl host-call → clipmux-session → clipmuxd → the host, and back. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accepts, Program } from '../support/chain.ts';
import { type Outcome, run } from '../support/processes.ts';
import { until } from '../support/wait.ts';
import { startXvfb, type Xvfb } from '../support/xvfb.ts';
import { type Call, RawHost } from './raw-host.ts';

const CTL = join(import.meta.dirname, '../../dist/clipmuxctl.cjs');
/** What the agent of a session lets its programs have under way, four for each connection; each program here has a connection of its own. */
const PROGRAMS = 10;

const directory = mkdtempSync(join(tmpdir(), 'clipmux-host-call-'));
const runtime = join(directory, 'run');
const port = join(directory, 'calls.sock');
const sessionSocket = join(directory, 'session.sock');
let display: Xvfb;
let env: NodeJS.ProcessEnv;
let daemon: Program;
let agent: Program;
let host: RawHost;

async function startDaemon(): Promise<void> {
  daemon = new Program('clipmuxd', [
    ...['--no-logind', '--log-level', 'debug', '--config', join(directory, 'clipmux.toml')],
    ...['--session-socket', sessionSocket, '--port', `unix:${join(directory, 'nobody.sock')}`],
  ]);
  await until(() => {
    if (daemon.process.exitCode !== null) throw new Error(`clipmuxd ended before it was ready:\n${daemon.log}`);
    return accepts(sessionSocket);
  }, 'clipmuxd to be ready');
}

beforeAll(async () => {
  mkdirSync(runtime, { mode: 0o700 });
  writeFileSync(join(directory, 'clipmux.toml'), `[host-calls]\nport = "unix:${port}"\nallow = ["echo", "slow"]\n`);
  display = await startXvfb();
  env = { ...display.env, XDG_RUNTIME_DIR: runtime };
  await startDaemon();
  agent = new Program('clipmux-session', ['--socket', sessionSocket, '--log-level', 'debug'], { env });
  await agent.said(/programs may call the host/);
});

beforeEach(async () => {
  host = await RawHost.listen(port);
  await host.connected();
  return () => host.close();
});

afterAll(async () => {
  await agent?.stop();
  await daemon?.stop();
  await display?.stop();
  rmSync(directory, { recursive: true });
});

const ctl = (...args: readonly string[]): Promise<Outcome> =>
  run(process.execPath, [CTL, 'host-call', ...args], { env, timeoutMs: 30_000 });

describe('clipmuxctl host-call', () => {
  it('gives each of ten programs the answer to its own call, whatever the order', async () => {
    const outcomes = Array.from({ length: PROGRAMS }, (_, number) => ctl('echo', JSON.stringify({ number })));
    await host.until(() => host.calls.length === PROGRAMS, 'all calls');
    for (const call of [...host.calls].reverse()) host.return(call, { answered: call.arguments });
    for (const [number, outcome] of outcomes.entries()) {
      const { code, stdout } = await outcome;
      expect(JSON.parse(stdout.toString())).toEqual({ answered: { number } });
      expect(code).toBe(0);
    }
  });

  it('tells why it failed, by its exit status and on its standard error', async () => {
    const denied = await ctl('reboot');
    expect([denied.code, denied.stderr]).toEqual([1, expect.stringContaining('does not let sessions call reboot')]);
    const late = await ctl('slow', '--timeout', '0.05');
    expect([late.code, late.stderr]).toEqual([1, expect.stringContaining('did not answer in time')]);
    expect((await ctl('echo', 'no json')).code).toBe(2);
    const elsewhere = await ctl('echo', '--agent', join(directory, 'nobody.sock'));
    expect([elsewhere.code, elsewhere.stderr]).toEqual([5, expect.stringContaining('cannot be reached')]);
  });

  it('takes its call back when it is killed; the host is told', async () => {
    const program = spawn(process.execPath, [CTL, 'host-call', 'slow'], { env, stdio: 'ignore' });
    await host.until(() => host.calls.length === 1, 'the call');
    program.kill('SIGKILL');
    await host.until(() => host.events.some(({ event }) => event === 'CALL_ENDED'), 'the news');
    const { data } = host.events.find(({ event }) => event === 'CALL_ENDED') ?? {};
    expect(data).toEqual({ ...(host.calls[0] as Call).id, reason: 'cancelled' });
  });

  it('fails at once when the host goes, and works again when it is back', async () => {
    const call = ctl('slow');
    await host.until(() => host.calls.length === 1, 'the call');
    await host.close();
    expect((await call).stderr).toContain('the host went away');
    host = await RawHost.listen(port);
    await host.connected();
    const again = ctl('echo', '{"back": true}');
    await host.until(() => host.calls.length === 1, 'the next call');
    host.return(host.calls[0] as Call, 'yes');
    expect((await again).stdout.toString()).toBe('"yes"\n');
  });

  it('fails with a reason while clipmuxd is away, and works when it is back', async () => {
    let from = await agent.said(/./);
    await daemon.stop();
    await until(async () => (await ctl('echo')).stderr.includes('clipmuxd is not there'), 'the agent to notice');
    from = await agent.said(/./, from);
    await startDaemon();
    await agent.said(/connected to clipmuxd/, from);
    await host.connected();
    const call = ctl('echo');
    await host.until(() => host.calls.length === 1, 'the call');
    host.return(host.calls[0] as Call, 1);
    expect((await call).code).toBe(0);
  });

  it('is no more than a line of JSON, which any program can write', async () => {
    const number = display.display.slice(1);
    const program = connect(join(runtime, 'clipmux', `display-${number}.sock`));
    await once(program, 'connect');
    program.write(
      '{"jsonrpc": "2.0", "id": 1, "method": "host.call", "params": {"method": "echo", "params": {"a": 1}}}\n',
    );
    await host.until(() => host.calls.length === 1, 'the call');
    host.return(host.calls[0] as Call, 2);
    const [line] = (await once(program, 'data')) as [Buffer];
    expect(JSON.parse(line.toString())).toEqual({ jsonrpc: '2.0', id: 1, result: { return: 2 } });
    program.destroy();
  });
});
