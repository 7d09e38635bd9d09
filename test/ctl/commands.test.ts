import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Desk } from '../sessions/desk.ts';
import { World } from '../sessions/world.ts';
import { hostCopy, hostPaste, nextEvent } from '../support/exchange.ts';
import { makePng } from '../support/png.ts';
import { type Outcome, run } from '../support/processes.ts';
import { makeUsers, removeUsers, type TestUser } from '../support/users.ts';
import { until } from '../support/wait.ts';
import { xclipPaste, xclipTargets } from '../support/xclip.ts';
import { type CtlOptions, clipmuxctl } from './clipmuxctl.ts';

const TEXT = 'text/plain;charset=utf-8';
const GROUP = 'clipmux';

let users: Record<'alice' | 'bob', TestUser>;
let world: World;
/** At the seat. */
let alice: Desk;
let bob: Desk;
let socket: string;
/** Of the group `clipmux`, which is made here if the machine lacks it. */
let group: number;
let madeGroup = false;

async function groupId(): Promise<number | undefined> {
  const { stdout } = await run('getent', ['group', GROUP]);
  const [, , id] = stdout.toString().split(':');
  return id === undefined ? undefined : Number(id);
}

beforeAll(async () => {
  users = await makeUsers('alice', 'bob');
  if ((await groupId()) === undefined) madeGroup = (await run('groupadd', ['--system', GROUP])).code === 0;
  group = (await groupId()) as number;
  world = await World.start();
  socket = join(world.programs.directory, 'control.sock');
  [alice, bob] = await Promise.all([
    Desk.open(world, users.alice, { id: '1', active: true }),
    Desk.open(world, users.bob, { id: '2' }),
  ]);
  await world.chosen(alice.id, 'active-on-seat');
});

afterAll(async () => {
  await Promise.all([alice?.close(), bob?.close()]);
  await world?.end();
  if (madeGroup) await run('groupdel', [GROUP]);
  await removeUsers(users);
});

/** Nobody owns anything, and alice's session takes part. */
beforeEach(async () => {
  world.host.release('clipboard');
  await Promise.all([alice.clear(), bob.clear()]);
  for (const session of [alice.id, bob.id]) await world.control.call('clipboard.clear', { session });
  await world.control.call('policy.set', { policy: 'active' });
  await world.chosen(alice.id);
});

const ctl = (args: readonly string[], options: CtlOptions = {}) => clipmuxctl(args, { socket, ...options });

/** A command that succeeds and says nothing to the standard error. */
async function does(args: readonly string[], options: CtlOptions = {}): Promise<string> {
  const { code, stderr, text } = await ctl(args, options);
  expect([code, stderr]).toEqual([0, '']);
  return text;
}

describe('clipmuxctl shows', () => {
  it('the port, the host and who takes part', async () => {
    const text = await does(['status']);
    expect(text).toMatch(/^port {2,}unix:.*port\.sock: open for /m);
    expect(text).toMatch(/^host {2,}QEMU vdagent, shares its clipboard \(.*clipboard-by-demand/m);
    expect(text).toMatch(new RegExp(`^takes part {2,}session ${alice.id}: it is active on its seat$`, 'm'));
    const status = JSON.parse(await does(['status', '--json'])) as {
      pid: number;
      logind: { active: { user: string } };
    };
    expect([status.pid, status.logind.active.user]).toEqual([world.daemon.process.pid, users.alice.name]);
  });

  it('the sessions, with the one that takes part marked', async () => {
    const text = await does(['sessions']);
    expect(text).toMatch(new RegExp(`^\\* +${alice.id} +${users.alice.name} +${alice.xvfb.display} +1 +seat0 `, 'm'));
    expect(text).toMatch(new RegExp(`^ +${bob.id} +${users.bob.name} +${bob.xvfb.display} +2 +seat0 `, 'm'));
  });
});

describe('clipmuxctl get', () => {
  it("writes what a program of a session holds, also of one that doesn't take part", async () => {
    await alice.copyKnown('of alice');
    await bob.copyKnown('of bob, grüßend');
    expect(await does(['targets', '--session', String(bob.id)])).toBe(`${TEXT}\n`);
    expect(await does(['get', '--session', String(bob.id)])).toBe('of bob, grüßend');
    expect(await does(['get'])).toBe('of alice');
  });

  it('writes what the host has copied', async () => {
    await hostCopy(alice, 'of the host');
    expect(await does(['get'])).toBe('of the host');
    const targets = JSON.parse(await does(['targets', '--json'])) as object;
    expect(targets).toEqual({ session: alice.id, selection: 'clipboard', owner: 'host', types: [TEXT] });
  });

  it('says by its exit status that there is nothing, not this type, no such session', async () => {
    expect(await ctl(['get'])).toMatchObject({ code: 3, text: '' });
    expect(await ctl(['targets'])).toMatchObject({ code: 3, text: '', stderr: '' });
    await alice.copyKnown('text');
    const wrongType = await ctl(['get', '--type', 'image/png', '--json']);
    expect(wrongType.code).toBe(3);
    expect(JSON.parse(wrongType.stderr)).toMatchObject({ error: { name: 'type-unavailable' } });
    expect(await ctl(['get', '--session', '4711'])).toMatchObject({ code: 3, text: '' });
  });
});

describe('clipmuxctl set', () => {
  it('puts text where programs paste it, and not at the host', async () => {
    const offered: unknown[] = [];
    const listen = (event: unknown) => offered.push(event);
    world.host.on('grabbed', listen);
    const given = alice.given();
    await does(['set'], { input: 'held für alice' });
    await given;
    expect(await alice.paste()).toBe('held für alice');
    expect(await does(['get'])).toBe('held für alice');
    world.host.off('grabbed', listen);
    expect(offered).toEqual([]);
  });

  it('offers it to the host as well where it is shared', async () => {
    const grabbed = nextEvent(world.host, 'grabbed');
    await does(['set', '--share'], { input: 'for both' });
    expect((await grabbed).types).toEqual([TEXT]);
    expect((await hostPaste(alice)).toString()).toBe('for both');
    expect(await alice.paste()).toBe('for both');
  });

  it('carries a picture of many pieces from a file to a program and back, byte for byte', async () => {
    const picture = Buffer.concat([makePng(64, 64), randomBytes(10_000_000)]);
    const file = join(world.programs.directory, 'picture.png');
    writeFileSync(file, picture);
    const given = bob.given();
    await does(['set', '--session', String(bob.id), '--type', 'image/png', file]);
    await given;
    expect((await xclipPaste(bob.xvfb, { target: 'image/png' })).equals(picture)).toBe(true);
    const { stdout } = await ctl(['get', '--session', String(bob.id), '--type', 'image/png']);
    expect(stdout.equals(picture)).toBe(true);
  });

  it('gives way to the next copy of a program', async () => {
    await does(['set'], { input: 'held' });
    await alice.copyKnown('newer');
    expect(await does(['get'])).toBe('newer');
  });

  it('reaches PRIMARY alone if told so', async () => {
    const given = alice.agent.said(/is owned for the host selection=primary/, alice.agent.lines);
    await does(['set', '--selection', 'primary'], { input: 'marked' });
    await given;
    expect((await xclipPaste(alice.xvfb, { selection: 'primary', target: 'UTF8_STRING' })).toString()).toBe('marked');
    expect(await xclipTargets(alice.xvfb, 'primary')).toContain('UTF8_STRING');
    expect(await xclipTargets(alice.xvfb, 'clipboard')).not.toContain('UTF8_STRING');
    await does(['clear', '--selection', 'primary']);
  });

  it('is undone by clear', async () => {
    const given = alice.given();
    await does(['set'], { input: 'held' });
    await given;
    // The agent goes on to own the selection, with nothing in it: so no older content comes back.
    const emptied = alice.agent.said(/has the selection selection=clipboard serial=\d+ types=""/, alice.agent.lines);
    await does(['clear']);
    await emptied;
    expect((await ctl(['targets'])).code).toBe(3);
    await expect(alice.paste()).rejects.toThrow();
  });
});

describe('clipmuxctl steers', () => {
  it('who takes part', async () => {
    expect(await does(['select', String(bob.id)])).toBe(
      `policy pinned:${bob.id}; session ${bob.id}: the policy pins it\n`,
    );
    await world.chosen(bob.id, 'pinned');
    expect(await does(['policy'])).toBe(`pinned:${bob.id}\n`);
    await does(['policy', 'off']);
    await world.chosen(null, 'policy-off');
    await does(['select', '--follow']);
    await world.chosen(alice.id, 'active-on-seat');
    expect((await ctl(['select', '4711'])).code).toBe(3);
  });

  it('how much is logged, and the trace of messages to and from the host', async () => {
    expect(await does(['log-level'])).toBe('debug\n');
    expect(await does(['log-level', 'info'])).toBe('info\n');
    expect(await does(['trace', 'on'])).toBe('on\n');
    const traced = world.daemon.said(/clipboard-grab/, world.daemon.lines);
    await does(['set', '--share'], { input: 'traced' });
    await traced;
    expect(world.daemon.log).not.toContain('traced');
    expect(await does(['trace', 'off'])).toBe('off\n');
    expect(await does(['log-level', 'debug'])).toBe('debug\n');
  });

  it('the configuration, and names every problem of one that cannot be used', async () => {
    expect(await does(['config'])).toContain('[clipboard]\ndirection = "automatic"\n');
    writeFileSync(world.configPath, 'policy = "later"\n[clipboard]\ndirection = "in"\n');
    const { code, stderr } = await ctl(['reload']);
    expect(code).toBe(1);
    expect(stderr.split('\n').filter((line) => line.startsWith('  '))).toEqual([
      expect.stringContaining(`${world.configPath}:1:1: policy: must be`),
      expect.stringContaining(`${world.configPath}:3:1: clipboard.direction: must be`),
    ]);
    writeFileSync(world.configPath, '[clipboard]\ndirection = "off"\n');
    expect(await does(['reload'])).toBe('changed: clipboard.direction\n');
    expect(await does(['config'])).toContain('[clipboard]\ndirection = "off"\n');
    writeFileSync(world.configPath, '[relay]\nsocket = "off"\n');
    expect(await does(['reload'])).toBe(
      'changed: clipboard.direction relay.socket\nin force when clipmuxd starts again (systemctl restart clipmuxd): relay.socket\n',
    );
    await does(['policy', 'off']);
    const shown = await does(['config']);
    expect(shown, 'what was chosen since').toContain('policy = "off"\n');
    expect(shown, 'what still holds').toMatch(/\[relay\]\nsocket = ".*\/vdagent.sock"\n/);
    expect(shown).toContain('# Read, and in force when clipmuxd starts again: relay.socket\n');
    await does(['policy', 'active']);
    writeFileSync(world.configPath, '[limits]\ncontrol-connections = 2\n');
    await does(['reload']);
    const other = connect(socket); // beside the tests' own
    await once(other, 'connect');
    expect((await ctl(['status'])).stderr).toContain('there are 2 control connections already');
    other.destroy();
    await until(async () => (await ctl(['status'])).code === 0, 'the other connection to be gone');
    writeFileSync(world.configPath, '');
    await does(['reload']);
  });
});

describe('clipmuxctl monitor', () => {
  it('prints a line of JSON for what happens, and ends with 0 when it is asked to', async () => {
    const program = join(world.programs.dist, 'clipmuxctl.cjs');
    const child = spawn(process.execPath, [program, '--socket', socket, 'monitor', '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    const events = () =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    // It does not say that it watches: something is made to happen until it does.
    await until(async () => {
      await world.control.call('policy.set', { policy: 'active' });
      return events().some(({ kind }) => kind === 'policy');
    }, 'the first event');
    const grabbed = nextEvent(world.host, 'grabbed');
    alice.copy('secret content');
    await grabbed;
    await hostPaste(alice);
    await until(() => events().some(({ kind }) => kind === 'answer'), 'the answer');
    expect(events()).toContainEqual(
      expect.objectContaining({ kind: 'owner', owner: { kind: 'session', session: alice.id, types: [TEXT] } }),
    );
    expect(events()).toContainEqual(expect.objectContaining({ kind: 'request', by: 'host', session: alice.id }));
    expect(events()).toContainEqual(expect.objectContaining({ kind: 'answer', size: 14, error: null }));
    expect(text).not.toContain('secret');
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  });
});

describe('who may use it', () => {
  const as = (options: CtlOptions): Promise<Outcome> => {
    const { dist, node } = world.programs;
    return ctl(['policy'], { dist, node, ...options });
  };

  it('is root and the group clipmux, also as one group of several', async () => {
    expect(await as({})).toMatchObject({ code: 0, stderr: '' });
    expect(await as({ user: users.bob, groups: [group] })).toMatchObject({ code: 0, stderr: '' });
    expect(await as({ user: { uid: users.bob.uid, gid: group } })).toMatchObject({ code: 0, stderr: '' });
  });

  it('is nobody else: the kernel turns them away, with exit status 4', async () => {
    const outcome = await as({ user: users.bob });
    expect(outcome.code).toBe(4);
    expect(outcome.stderr).toContain('use root, or join the group clipmux and log in again');
  });
});

describe('without clipmuxd', () => {
  it('every command exits with 5 and says how to start it', async () => {
    const outcome = await clipmuxctl(['status'], { socket: join(world.programs.directory, 'none.sock') });
    expect(outcome.code).toBe(5);
    expect(outcome.stderr).toContain('systemctl enable --now clipmuxd');
  });
});
