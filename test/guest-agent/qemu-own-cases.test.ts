import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/processes.ts';
import type { AgentClient } from './client.ts';
import { RealQemuGa, StandIn } from './world.ts';

/** The cases of QEMU's own test of its guest agent (tests/unit/test-qga.c), which starts what it tests as this does. */

const DAEMON = join(import.meta.dirname, '../../dist/clipmuxd.cjs');
const random = () => Math.floor(Math.random() * 2 ** 32);

describe.each(['alone', 'in front of qemu-ga'])('clipmuxd %s', (how) => {
  const standIn = new StandIn();
  const qemuGa = new RealQemuGa(standIn.directory);
  let client: AgentClient;
  const behind = how === 'in front of qemu-ga';

  beforeAll(async () => {
    if (behind) await qemuGa.start();
    await standIn.start(behind ? [`upstream = "unix:${qemuGa.path}"`] : []);
    client = await standIn.connect();
  });

  afterAll(async () => {
    expect(await standIn.stop()).toBe(0);
    await qemuGa.stop();
    standIn.remove();
  });

  it('synchronises behind a delimiter', async () => {
    const id = random();
    client.send('\xff');
    client.send(`{'execute': 'guest-sync-delimited', 'arguments': {'id': ${id} } }`);
    expect((await client.delimitedAnswer()).toString()).toBe(`{"return": ${id}}`);
  });

  it('synchronises', async () => {
    const id = random();
    expect(await client.ask(`{'execute': 'guest-sync', 'arguments': {'id': ${id} } }`)).toEqual({ return: id });
  });

  it('pings', async () => {
    expect(await client.ask("{'execute': 'guest-ping'}")).toEqual({ return: {} });
  });

  it('tells its version and its commands', async () => {
    const { version, supported_commands: commands } = await client.call<{
      version: string;
      supported_commands: { name: string; enabled: boolean; 'success-response': boolean }[];
    }>('guest-info');
    const { version: ours } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
      version: string;
    };
    const { stdout } = await run('qemu-ga', ['--version']);
    expect(version).toBe(behind ? /Agent (\S+)/.exec(stdout.toString())?.[1] : ours);
    const names = commands.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('guest-clipboard-get');
    expect(names.includes('guest-exec')).toBe(behind);
    const silent = commands.filter((command) => !command['success-response']).map(({ name }) => name);
    expect(silent.includes('guest-shutdown')).toBe(behind);
  });

  it('sends the id back', async () => {
    expect(await client.ask("{'execute': 'guest-ping', 'id': 1}")).toEqual({ return: {}, id: 1 });
  });

  it('refuses exec-oob', async () => {
    expect((await client.ask("{'exec-oob': 'guest-ping'}")).error?.class).toBe('GenericError');
  });

  it('refuses arguments that a command does not have', async () => {
    expect((await client.ask("{'execute': 'guest-ping', 'arguments': {'foo': 42 }}")).error).toEqual({
      class: 'GenericError',
      desc: "Parameter 'foo' is unexpected",
    });
  });

  it('does not know what is no command', async () => {
    const { error } = await client.ask("{'execute': 'guest-invalid-cmd'}");
    expect(error?.class).toBe('CommandNotFound');
    expect(error?.desc).not.toBe('');
  });

  if (!behind) return;

  it('tells of processors, file systems, memory and the network', async () => {
    const cpus = await client.call<object[]>('guest-get-vcpus');
    expect(cpus[0]).toMatchObject({ online: expect.any(Boolean), 'logical-id': expect.any(Number) });
    for (const each of (await client.call<object[]>('guest-get-fsinfo')).slice(0, 1)) {
      expect(Object.keys(each)).toEqual(expect.arrayContaining(['name', 'mountpoint', 'type', 'disk']));
    }
    const info = await client.ask('{"execute": "guest-get-memory-block-info"}');
    if (!info.error) expect((info.return as { size: number }).size).toBeGreaterThan(0);
    const blocks = await client.ask('{"execute": "guest-get-memory-blocks"}');
    if (!blocks.error) {
      for (const block of (blocks.return as object[]).slice(0, 1)) {
        expect(Object.keys(block)).toEqual(expect.arrayContaining(['phys-index', 'online']));
      }
    }
    const interfaces = await client.call<{ name: string }[]>('guest-network-get-interfaces');
    expect(interfaces[0]?.name).toEqual(expect.any(String));
  });

  it('tells the load, where qemu-ga is one that can', async () => {
    const { supported_commands: commands } = await client.call<{ supported_commands: { name: string }[] }>(
      'guest-info',
    );
    const { error, return: load } = await client.ask("{'execute': 'guest-get-load'}");
    if (commands.some(({ name }) => name === 'guest-get-load')) {
      expect(Object.keys(load as object)).toEqual(expect.arrayContaining(['load1m', 'load5m', 'load15m']));
    } else {
      expect(error?.class).toBe('CommandNotFound');
    }
  });

  it('tells the time, which is past 2^53, to the nanosecond', async () => {
    client.send('{"execute": "guest-get-time"}');
    const [, time = ''] = /^\{"return": (\d+)\}$/.exec((await client.answer()).toString()) ?? [];
    expect(BigInt(time)).toBeGreaterThan(2n ** 53n);
  });

  it('opens, writes, reads, seeks and closes files', async () => {
    // Relative to where qemu-ga was started.
    const path = 'foo';
    const text = 'Hello World!\n\0';
    const encoded = Buffer.from(text).toString('base64');
    let handle = await client.call<number>('guest-file-open', { path, mode: 'w+' });
    expect(await client.call('guest-file-write', { handle, 'buf-b64': encoded })).toEqual({ count: 14, eof: false });
    await client.call('guest-file-flush', { handle });
    await client.call('guest-file-close', { handle });
    expect(readFileSync(join(standIn.directory, path), 'latin1')).toBe(text);
    handle = await client.call<number>('guest-file-open', { path, mode: 'r' });
    expect(await client.call('guest-file-read', { handle })).toEqual({ count: 14, eof: true, 'buf-b64': encoded });
    expect(await client.call('guest-file-read', { handle })).toEqual({ count: 0, eof: true, 'buf-b64': '' });
    expect(await client.call('guest-file-seek', { handle, offset: 6, whence: 'set' })).toEqual({
      position: 6,
      eof: false,
    });
    const rest = await client.call<{ 'buf-b64': string }>('guest-file-read', { handle });
    expect(Buffer.from(rest['buf-b64'], 'base64').toString()).toBe('World!\n\0');
    await client.call('guest-file-close', { handle });
  });

  it('reads what was written without a flush in between', async () => {
    const encoded = Buffer.from('Hello World!\n\0').toString('base64');
    const handle = await client.call<number>('guest-file-open', { path: 'foo', mode: 'w+' });
    expect(await client.call('guest-file-write', { handle, 'buf-b64': encoded })).toEqual({ count: 14, eof: false });
    expect(await client.call('guest-file-read', { handle })).toEqual({ count: 0, eof: true, 'buf-b64': '' });
    expect(await client.call('guest-file-seek', { handle, offset: 0, whence: 'set' })).toEqual({
      position: 0,
      eof: false,
    });
    expect(await client.call('guest-file-read', { handle })).toEqual({ count: 14, eof: true, 'buf-b64': encoded });
    await client.call('guest-file-close', { handle });
  });

  interface ExecStatus {
    readonly exited: boolean;
    readonly exitcode?: number;
    readonly 'out-data'?: string;
    readonly 'err-data'?: string;
  }

  /** Waits for the end of what guest-exec started. */
  async function execution(pid: number): Promise<ExecStatus> {
    for (;;) {
      const status = await client.call<ExecStatus>('guest-exec-status', { pid });
      if (status.exited) return status;
    }
  }
  const decoded = (text = '') => Buffer.from(text, 'base64').toString();

  it('runs programs', async () => {
    const { pid } = await client.call<{ pid: number }>('guest-exec', {
      path: 'echo',
      arg: ['-n', '" test_str "'],
      'capture-output': true,
    });
    const status = await execution(pid);
    expect(status.exitcode).toBe(0);
    expect(decoded(status['out-data'])).toBe('" test_str "');
  });

  it.each([
    ['separated', 'stdout\nstdout\n', 'stderr\nstderr\n'],
    ['merged', 'stdout\nstderr\nstdout\nstderr\n', undefined],
  ])('captures the output of programs %s, where qemu-ga is one that can', async (how, out, err) => {
    const script = 'for i in $(seq 4); do if (( $i % 2 )); then echo stdout; else echo stderr 1>&2; fi; done;';
    const given = { path: 'bash', arg: ['-c', script], 'capture-output': how };
    const { error, return: started } = await client.ask(JSON.stringify({ execute: 'guest-exec', arguments: given }));
    if (error) {
      // Before QEMU 8.1 this was yes or no; the words are qemu-ga's.
      expect(error).toEqual({ class: 'GenericError', desc: expect.stringContaining("'capture-output'") });
      expect(error.desc).toContain('boolean');
      return;
    }
    const status = await execution((started as { pid: number }).pid);
    expect(status.exitcode).toBe(0);
    expect(decoded(status['out-data'])).toBe(out);
    expect(status['err-data'] === undefined ? undefined : decoded(status['err-data'])).toBe(err);
  });

  it('refuses programs and numbers of programs that there are not', async () => {
    const missing = await client.ask("{'execute': 'guest-exec', 'arguments': { 'path': '/bin/invalid-cmd42' } }");
    expect(missing.error?.class).toBe('GenericError');
    const nobody = await client.ask("{'execute': 'guest-exec-status', 'arguments': { 'pid': 0 } }");
    expect(nobody.error?.class).toBe('GenericError');
  });

  it('tells of the system', async () => {
    expect(await client.call('guest-fsfreeze-status')).toBe('thawed');
    expect(await client.call('guest-get-host-name')).toHaveProperty('host-name');
    expect(await client.call('guest-get-timezone')).toHaveProperty('offset');
    expect(Array.isArray(await client.call('guest-get-users'))).toBe(true);
  });
});

describe('guest-get-osinfo', () => {
  it('tells what the os-release file of QGA_OS_RELEASE says', async () => {
    const standIn = new StandIn();
    const qemuGa = new RealQemuGa(standIn.directory);
    const file = join(standIn.directory, 'os-release');
    const variant = 'Unit test "\'$`\\ and \\\\ etc.';
    const quoted = variant.replaceAll(/["'$`\\]/g, '\\$&');
    writeFileSync(
      file,
      `ID=qemu-ga-test\nNAME=QEMU-GA\nPRETTY_NAME="QEMU Guest Agent test"\nVERSION="Test 1"\nVERSION_ID=1\n` +
        `VARIANT="${quoted}"\nVARIANT_ID=unit-test\n`,
    );
    await qemuGa.start({ QGA_OS_RELEASE: file });
    await standIn.start([`upstream = "unix:${qemuGa.path}"`]);
    const client = await standIn.connect();
    expect(await client.call('guest-get-osinfo')).toMatchObject({
      id: 'qemu-ga-test',
      name: 'QEMU-GA',
      'pretty-name': 'QEMU Guest Agent test',
      version: 'Test 1',
      'version-id': '1',
      variant,
      'variant-id': 'unit-test',
    });
    expect(await standIn.stop()).toBe(0);
    await qemuGa.stop();
    standIn.remove();
  });
});

describe('lists of commands', () => {
  const standIn = new StandIn();
  const qemuGa = new RealQemuGa(standIn.directory);

  beforeAll(() => qemuGa.start());
  afterAll(async () => {
    await qemuGa.stop();
    standIn.remove();
  });

  it('block', async () => {
    await standIn.start([`upstream = "unix:${qemuGa.path}"`], '-b', 'guest-ping,guest-get-time');
    const client = await standIn.connect();
    for (const command of ['guest-ping', 'guest-get-time']) {
      const { error } = await client.ask(`{'execute': '${command}'}`);
      expect(error?.class).toBe('CommandNotFound');
      expect(error?.desc).toContain('has been disabled');
    }
    await client.call('guest-get-fsinfo');
    expect(await standIn.stop()).toBe(0);
  });

  it('allow', async () => {
    await standIn.start([`upstream = "unix:${qemuGa.path}"`], '-a', 'guest-ping,guest-get-time');
    const client = await standIn.connect();
    await client.call('guest-ping');
    await client.call('guest-get-time');
    const { error } = await client.ask("{'execute': 'guest-get-fsinfo'}");
    expect(error?.class).toBe('CommandNotFound');
    expect(error?.desc).toContain('has been disabled');
    expect(await standIn.stop()).toBe(0);
  });
});

describe('-D', () => {
  it('prints the configuration that QGA_CONF names, with nothing else in the environment', async () => {
    const standIn = new StandIn();
    const file = join(standIn.directory, 'test-qga-config');
    writeFileSync(
      file,
      '[general]\ndaemon=false\nmethod=virtio-serial\npath=/path/to/org.qemu.guest_agent.0\n' +
        'pidfile=/var/foo/qemu-ga.pid\nstatedir=/var/state\nverbose=true\nblock-rpcs=guest-ping;guest-get-time\n',
    );
    const { code, stdout, stderr } = await run(process.execPath, [DAEMON, '-D'], { env: { QGA_CONF: file } });
    expect([code, stderr]).toEqual([0, '']);
    const theirs = await run('qemu-ga', ['-D'], { env: { ...process.env, QGA_CONF: file } });
    const lines = (text: Buffer) => text.toString().trim().split('\n');
    expect(lines(stdout)).toEqual(expect.arrayContaining(lines(theirs.stdout).filter((line) => !line.endsWith('='))));
    expect(lines(stdout)[0]).toBe('[general]');
    standIn.remove();
  });
});
