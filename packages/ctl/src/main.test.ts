import { CONTROL_PIECE_BYTES_MAX, encodeBase64, RpcError } from '@clipmux/rpc';
import { afterEach, describe, expect, it } from 'vitest';
import { COMMANDS } from './commands/index.ts';
import { SESSION, STATUS } from './doctor/facts.fixture.ts';
import { type Answers, FakeClipmuxd, type Ran, type RunOptions, runCtl } from './fake-clipmuxd.fixture.ts';

const TEXT = 'text/plain;charset=utf-8';

let daemon: FakeClipmuxd | undefined;

afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
});

/** Runs a command against a clipmuxd with these answers. */
async function run(argv: readonly string[], answers: Answers = {}, options: RunOptions = {}): Promise<Ran> {
  daemon ??= await FakeClipmuxd.start(answers);
  return runCtl(['--socket', daemon.path, ...argv], options);
}

function fails(name: ConstructorParameters<typeof RpcError>[0], details: readonly string[] = []): () => never {
  return () => {
    throw new RpcError(name, 'the message', { details });
  };
}

const held = (types: string[]) => ({ session: 1, selection: 'clipboard' as const, owner: 'held' as const, types });

describe('the command line', () => {
  it('shows help of the program and of each command, and the version', async () => {
    const help = await runCtl(['--help']);
    expect([help.status, help.stderr]).toEqual([0, '']);
    for (const command of COMMANDS) {
      expect(help.stdout.toString()).toContain(`\n  ${command.name}`);
      const own = await runCtl([command.name, '--help']);
      expect([own.status, own.stderr]).toEqual([0, '']);
      for (const { name } of command.options) expect(own.stdout.toString()).toContain(`--${name}`);
      for (const line of own.stdout.toString().split('\n')) expect(line.length).toBeLessThanOrEqual(92);
    }
    expect((await runCtl(['--version'])).stdout.toString()).toBe('clipmuxctl 0.0.0-source\n');
  });

  it.each([
    [[], 'a command is missing', ''],
    [['frob'], 'there is no command "frob"', ''],
    [['--frob', 'status'], "Unknown option '--frob'", ''],
    [['get', '--frob'], "Unknown option '--frob'", 'get '],
    [['get', '--type'], "Option '--type <value>' argument missing", 'get '],
    [['status', 'x', 'y'], 'too many arguments: x y', 'status '],
    [['get', '--selection', 'secondary'], '--selection secondary: must be one of clipboard, primary', 'get '],
    [['get', '--session', 'x'], '"x" is no id of a session: clipmuxctl sessions lists them', ''],
    [['get', '--session', '0'], '"0" is no id of a session: clipmuxctl sessions lists them', ''],
    [['select'], 'give either the ID of a session or --follow', 'select '],
    [['select', '1', '--follow'], 'give either the ID of a session or --follow', 'select '],
    [['policy', 'pinned'], 'pinned: must be active, off or pinned:ID', 'policy '],
    [['log-level', 'loud'], 'loud: must be one of error, warning, info, debug, trace', 'log-level '],
    [['completion'], 'SHELL is missing', 'completion '],
    [['set', '--type', 'text'], '--type text: must be a MIME type', 'set '],
  ])('that is wrong is said to be: %j', async (argv, message, command) => {
    const ran = await runCtl(argv);
    expect(ran.status).toBe(2);
    expect(ran.stdout.toString()).toBe('');
    expect(ran.stderr).toBe(`clipmuxctl: ${message}\nTry: clipmuxctl ${command}--help\n`);
  });

  it('takes the options of every command before and after it', async () => {
    daemon = await FakeClipmuxd.start({ 'policy.get': () => ({ policy: 'off' }) });
    const after = await runCtl(['policy', '--json', '--socket', daemon.path]);
    const before = await runCtl(['--json', `--socket=${daemon.path}`, 'policy']);
    expect([after.stdout, before.stdout].map(String)).toEqual(Array(2).fill('{\n  "policy": "off"\n}\n'));
  });
});

describe('the exit status', () => {
  it.each([
    ['no-such-session', 3],
    ['no-owner', 3],
    ['type-unavailable', 3],
    ['owner-refused', 3],
    ['denied', 4],
    ['shutting-down', 5],
    ['timed-out', 1],
    ['too-large', 1],
    ['internal', 1],
  ] as const)('for %s is %i, and the error is told, in JSON if wanted', async (name, status) => {
    const answers = { 'clipboard.clear': fails(name) };
    expect(await run(['clear'], answers)).toMatchObject({ status, stderr: 'clipmuxctl: the message\n' });
    const json = await run(['clear', '--json'], answers);
    expect(json.status).toBe(status);
    expect(JSON.parse(json.stderr)).toEqual({ error: { name, message: 'the message' } });
  });

  it('is 5 where clipmuxd is not', async () => {
    const ran = await runCtl(['--socket', '/nonexistent/socket', 'status']);
    expect(ran.status).toBe(5);
    expect(ran.stderr).toContain('clipmuxd is not running: there is no /nonexistent/socket');
  });

  it('is 5 where clipmuxd goes away meanwhile', async () => {
    const answers: Answers = {
      'policy.get': (_params, wire) => {
        wire.close();
        return { policy: 'off' };
      },
    };
    expect(await run(['policy'], answers)).toMatchObject({ status: 5 });
  });

  it('is 1 for an answer that is not understood', async () => {
    const answers = { 'policy.get': () => ({ policy: 'maybe' }) };
    const ran = await run(['policy'], answers);
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain('policy must be "active", "off"');
  });
});

describe('status and sessions', () => {
  it('are printed for people, aligned', async () => {
    const ran = await run(['status'], { status: () => STATUS });
    expect(ran.status).toBe(0);
    expect(ran.stdout.toString()).toContain('\ntakes part     session 1: it is active on its seat\n');
    expect(ran.stdout.toString()).not.toMatch(/ $/m);
  });

  it('are printed as JSON as clipmuxd told them', async () => {
    const answers = { status: () => STATUS, 'session.list': () => [SESSION] };
    expect(JSON.parse((await run(['status', '--json'], answers)).stdout.toString())).toEqual(STATUS);
    expect(JSON.parse((await run(['sessions', '--json'])).stdout.toString())).toEqual([SESSION]);
  });

  it('list sessions with a mark, and nobody’s control characters', async () => {
    const other = { ...SESSION, id: 12, eligible: false, display: ':1\u001b[2J\n', logind: null };
    const ran = await run(['sessions'], { 'session.list': () => [SESSION, other] });
    const lines = ran.stdout.toString().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[1]).toMatch(/^\* +1 +alice +:0 +2 +seat0 +x11 +active +1\.2\.3 \(20\)/);
    expect(lines[2]).toMatch(/^ +12 +alice +:1\ufffd\[2J\ufffd +- +- +- +- /);
  });
});

describe('steering', () => {
  const eligible = { session: 3, reason: 'pinned' } as const;
  const answers: Answers = {
    'session.select': ({ session }) => ({ policy: session === null ? 'active' : `pinned:${session}`, eligible }),
    'policy.set': ({ policy }) => ({ policy, eligible }),
    'log.level': ({ level }) => ({ level: level ?? 'info' }),
    trace: ({ on }) => ({ on: on ?? true }),
    'config.show': () => ({ toml: 'policy = "active"\n' }),
    'config.reload': () => ({ restart: [], changed: ['clipboard.direction', 'policy'] }),
  };

  it.each([
    [['select', '3'], 'policy pinned:3; session 3: the policy pins it\n', ['session.select', { session: 3 }]],
    [['select', '--follow'], 'policy active; session 3: the policy pins it\n', ['session.select', { session: null }]],
    [['policy', 'off'], 'policy off; session 3: the policy pins it\n', ['policy.set', { policy: 'off' }]],
    [['log-level'], 'info\n', ['log.level', {}]],
    [['log-level', 'debug'], 'debug\n', ['log.level', { level: 'debug' }]],
    [['trace'], 'on\n', ['trace', {}]],
    [['trace', 'off'], 'off\n', ['trace', { on: false }]],
    [['config'], 'policy = "active"\n', ['config.show', {}]],
    [['reload'], 'changed: clipboard.direction policy\n', ['config.reload', {}]],
  ])('is done by %j', async (argv, stdout, call) => {
    const ran = await run(argv, answers);
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout.toString()).toBe(stdout);
    expect(daemon?.calls).toEqual([call]);
  });

  it('tells every problem of a configuration that cannot be used', async () => {
    const ran = await run(['reload'], { 'config.reload': fails('invalid-config', ['a.toml:1:1: x', 'a.toml:2:1: y']) });
    expect(ran.status).toBe(1);
    expect(ran.stderr).toBe('clipmuxctl: the message\n  a.toml:1:1: x\n  a.toml:2:1: y\n');
  });
});

describe('get', () => {
  /** A clipmuxd whose selection has this content. */
  function holding(type: string, content: Buffer): Answers {
    return {
      'clipboard.targets': () => held(['image/png', type]),
      'clipboard.get': (params) => ({ handle: 4, type: params.type, size: content.length }),
      'clipboard.read': ({ offset, size }) => ({
        data: encodeBase64(content.subarray(offset, offset + size)),
        eof: offset + size >= content.length,
      }),
    };
  }

  it('writes text if there is text, and nothing but the content', async () => {
    const ran = await run(['get', '--session', '2', '--selection', 'primary'], holding(TEXT, Buffer.from('héllo')));
    expect(ran).toMatchObject({ status: 0, stderr: '', stdout: Buffer.from('héllo') });
    expect(daemon?.calls).toEqual([
      ['clipboard.targets', { session: 2, selection: 'primary' }],
      ['clipboard.get', { session: 2, selection: 'primary', type: TEXT }],
      ['clipboard.read', { handle: 4, offset: 0, size: CONTROL_PIECE_BYTES_MAX }],
    ]);
  });

  it('takes the first type where there is no text, and the type that is asked for', async () => {
    const answers = holding('image/bmp', Buffer.from([0, 255, 10]));
    expect((await run(['get'], answers)).stdout).toEqual(Buffer.from([0, 255, 10]));
    await run(['get', '--type', 'image/bmp']);
    const types = daemon?.calls.flatMap(([name, params]) => (name === 'clipboard.get' ? [params] : []));
    expect(types).toMatchObject([{ type: 'image/png' }, { type: 'image/bmp' }]);
  });

  it('reads what is large in pieces', async () => {
    const content = Buffer.alloc(2 * CONTROL_PIECE_BYTES_MAX + 1, 'abc');
    const ran = await run(['get', '--type', TEXT], holding(TEXT, content));
    expect(ran.stdout.equals(content)).toBe(true);
  });

  it('gives JSON with base64', async () => {
    const ran = await run(['get', '--json'], holding(TEXT, Buffer.from('hi')));
    expect(JSON.parse(ran.stdout.toString())).toEqual({ selection: 'clipboard', type: TEXT, size: 2, data: 'aGk=' });
  });

  it('exits with 3 where the selection holds nothing', async () => {
    const answers: Answers = { 'clipboard.targets': () => ({ ...held([]), owner: 'nobody' }) };
    const ran = await run(['get'], answers);
    expect(ran).toMatchObject({ status: 3, stderr: 'clipmuxctl: the clipboard of session 1 holds nothing\n' });
    expect(await run(['targets'])).toMatchObject({ status: 3, stderr: '' });
  });

  it('does not pour an image over a terminal', async () => {
    const ran = await run(['get', '--type', 'image/png'], holding(TEXT, Buffer.from('x')), { isTTY: true });
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain('is not for a terminal');
    expect((await run(['get'], {}, { isTTY: true })).stdout.toString()).toBe('x');
  });
});

describe('set', () => {
  const answers: Answers = {
    'clipboard.set': ({ contents }) => ({ session: 1, types: contents.map(({ type }) => type) }),
    'clipboard.begin': () => ({ handle: 9 }),
    'clipboard.append': ({ data }) => ({ size: data.length }),
    'clipboard.commit': () => ({ session: 1, types: [TEXT] }),
  };

  it('takes what is small in one call', async () => {
    const ran = await run(['set', '--share', '--session', '2'], answers, { stdin: Buffer.from('hi') });
    expect(ran).toMatchObject({ status: 0, stderr: '', stdout: Buffer.alloc(0) });
    const contents = [{ type: TEXT, data: 'aGk=' }];
    expect(daemon?.calls).toEqual([['clipboard.set', { session: 2, selection: 'clipboard', contents, share: true }]]);
  });

  it('takes nothing at all as empty content', async () => {
    await run(['set'], answers);
    expect(daemon?.calls).toMatchObject([['clipboard.set', { contents: [{ data: '' }] }]]);
  });

  it('takes what is large in pieces, of the full size but for the last', async () => {
    const content = Buffer.alloc(2 * CONTROL_PIECE_BYTES_MAX + 5, 'abc');
    const ran = await run(['set', '--json', '--type', 'image/bmp'], answers, { stdin: content });
    expect(JSON.parse(ran.stdout.toString())).toMatchObject({ session: 1, type: 'image/bmp', size: content.length });
    const pieces = daemon?.calls.flatMap(([name, params]) =>
      name === 'clipboard.append' ? [Buffer.from((params as { data: string }).data, 'base64')] : [],
    );
    expect(pieces?.map(({ length }) => length)).toEqual([CONTROL_PIECE_BYTES_MAX, CONTROL_PIECE_BYTES_MAX, 5]);
    expect(Buffer.concat(pieces ?? []).equals(content)).toBe(true);
    expect(daemon?.calls.at(-1)).toEqual(['clipboard.commit', { handle: 9, selection: 'clipboard', share: false }]);
  });

  it('does not take an image for text, nor a file that is not there', async () => {
    const ran = await run(['set'], answers, { stdin: Buffer.from([0x89, 0x50, 0xff]) });
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain('say what they are with --type');
    const missing = await run(['set', '/nonexistent/file']);
    expect(missing.status).toBe(1);
    expect(missing.stderr).toContain('/nonexistent/file: ENOENT');
    expect(daemon?.calls).toEqual([]);
  });
});

describe('monitor', () => {
  const start: Answers = {
    'monitor.start': (_params, wire) => {
      setImmediate(() => {
        wire.notify('event', { at: 1_700_000_000_123, kind: 'policy', policy: 'off' });
        wire.notify('event', { at: 1_700_000_000_124, kind: 'novelty', colour: 'red\u001b[31m' });
      });
      return {};
    },
  };

  it.each([
    [['monitor'], /^\d\d:\d\d:\d\d\.123 policy: off\n\d\d:\d\d:\d\d\.124 novelty: \{"colour":"red\\u001b\[31m"\}\n$/],
    [
      ['monitor', '--json'],
      /^\{"at":1700000000123,"kind":"policy","policy":"off"\}\n\{"at":1700000000124,"kind":"novelty","colour":.*\}\n$/,
    ],
  ])('prints a line an event, also of kinds that it does not know, until it is ended: %j', async (argv, expected) => {
    const controller = new AbortController();
    const output = (text: string) => {
      if (text.split('\n').length === 3) controller.abort();
    };
    const ran = await run(argv, start, { ended: controller.signal, output });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout.toString()).toMatch(expected);
  });

  it('exits with 5 when clipmuxd goes', async () => {
    const answers: Answers = {
      'monitor.start': (_params, wire) => {
        setImmediate(() => wire.close(new RpcError('shutting-down', 'clipmuxd is going down')));
        return {};
      },
    };
    expect(await run(['monitor'], answers)).toMatchObject({ status: 5 });
  });
});

describe('doctor', () => {
  it('reports as text and as JSON, and exits with 1 over what is wrong', async () => {
    const argv = ['--socket', '/nonexistent/socket', 'doctor', '--port', '/nonexistent/port'];
    const text = await runCtl(argv);
    expect(text).toMatchObject({ status: 1, stderr: '' });
    expect(text.stdout.toString()).toContain('[port-missing]');
    const json = JSON.parse((await runCtl([...argv, '--json'])).stdout.toString()) as {
      healthy: boolean;
      checks: { findings: { code: string }[] }[];
    };
    expect(json.healthy).toBe(false);
    expect(json.checks.flatMap(({ findings }) => findings.map(({ code }) => code))).toContain('port-missing');
  });
});
