import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GuestAgentError } from '@clipmux/guest-agent';
import { silentLogger } from '@clipmux/posix';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeQemuGa } from './fake-qemu-ga.fixture.ts';
import { Freeze } from './freeze.ts';
import { Upstream } from './upstream.ts';

const directory = mkdtempSync(join(tmpdir(), 'clipmux-upstream-'));
const path = join(directory, 'qga');
let qemuGa: FakeQemuGa;
let upstream: Upstream;
let freeze: Freeze;
let answerMs = 10_000;

beforeEach(async () => {
  answerMs = 10_000;
  qemuGa = await FakeQemuGa.start(path);
  freeze = new Freeze(() => {});
  upstream = new Upstream({ path, freeze, answerMs: () => answerMs, logger: silentLogger });
});

afterEach(async () => {
  upstream.stop();
  await qemuGa.stop();
  rmSync(path, { force: true });
});

/** The answer as text, `none` where there is none, or the error. */
function ask(command: string, raw = `{"execute": "${command}"}`): Promise<string> {
  return new Promise((resolve, reject) => {
    upstream.send({
      command,
      raw: Buffer.from(raw),
      done: (outcome) => {
        if (outcome instanceof GuestAgentError) reject(outcome);
        else resolve(outcome?.toString() ?? 'none');
      },
    });
  });
}

const did = (command: string) => `{"return": {"did": "${command}"}}`;

describe('Upstream', () => {
  it('passes bytes as they are, both ways', async () => {
    const answer = '{ "return":\t1795306503116808001 , "id" : 1.50 }';
    qemuGa.on('guest-get-time', () => `${answer}\n`);
    const raw = "{'execute':\n'guest-get-time' , 'id': 1.50}";
    expect(await ask('guest-get-time', raw)).toBe(answer);
    expect(qemuGa.requests.map(String)).toEqual([raw]);
  });

  it('connects when there is something to ask, once, and knows then what it speaks to', async () => {
    expect(qemuGa.connections).toBe(0);
    expect(await Promise.all([ask('guest-a'), ask('guest-b'), ask('guest-c')])).toEqual([
      did('guest-a'),
      did('guest-b'),
      did('guest-c'),
    ]);
    expect(qemuGa.connections).toBe(1);
    expect(upstream.info?.version).toBe('9.9.9');
  });

  it('answers a command without an answer when it has succeeded, and with the error when it has not', async () => {
    expect(await ask('guest-shutdown')).toBe('none');
    expect(await ask('guest-a')).toBe(did('guest-a'));
    qemuGa.on('guest-shutdown', () => '{"error": {"class": "GenericError", "desc": "no"}}\n');
    expect(await ask('guest-shutdown')).toContain('"no"');
    expect(await ask('guest-b')).toBe(did('guest-b'));
  });

  it('learns from guest-info which commands have no answer', async () => {
    qemuGa.on('guest-odd-silence', () => null);
    expect(await ask('guest-odd-silence')).toBe('none');
  });

  it('takes a qemu-ga that goes down with the machine for success', async () => {
    qemuGa.on('guest-shutdown', () => 'hang up');
    expect(await ask('guest-shutdown')).toBe('none');
  });

  it('drops an answer that comes too late, and goes on', async () => {
    await ask('guest-a');
    answerMs = 50;
    const held = qemuGa.hold('guest-slow');
    await expect(ask('guest-slow')).rejects.toThrow('it did not answer guest-slow within 50 ms');
    answerMs = 10_000;
    const next = ask('guest-b');
    (await held).answer('{"return": "too late"}\n');
    expect(await next).toBe(did('guest-b'));
  });

  it.each(['guest-exec', 'guest-fsfreeze-freeze', 'guest-shutdown', 'guest-suspend-ram'])(
    'sets %s no limit',
    async (command) => {
      await ask('guest-a');
      answerMs = 20;
      const held = qemuGa.hold(command);
      const asked = ask(command);
      const { answer } = await held;
      await expect(ask('guest-b')).rejects.toThrow('it did not answer guest-b within 20 ms');
      answerMs = 10_000;
      answer('{"error": {"class": "GenericError", "desc": "at last"}}\n');
      expect(await asked).toContain('at last');
      expect(await ask('guest-c')).toBe(did('guest-c'));
    },
  );

  it('fails the one command that it was at when qemu-ga goes, and reaches the next one', async () => {
    qemuGa.on('guest-crash', () => 'hang up');
    const crash = ask('guest-crash');
    const next = ask('guest-a');
    await expect(crash).rejects.toThrow(/whether guest-crash was carried out is not known/);
    expect(await next).toBe(did('guest-a'));
    expect(qemuGa.connections).toBe(2);
  });

  it('fails each command while nobody is there, and reaches who comes later', async () => {
    await qemuGa.stop();
    rmSync(path, { force: true });
    await expect(ask('guest-a')).rejects.toThrow(/cannot be asked: .*ENOENT/);
    await expect(Promise.all([ask('guest-b'), ask('guest-c')])).rejects.toThrow('cannot be asked');
    qemuGa = await FakeQemuGa.start(path);
    expect(await ask('guest-d')).toBe(did('guest-d'));
  });

  it('finds out that qemu-ga has gone while nothing was asked', async () => {
    await ask('guest-a');
    qemuGa.hangUp();
    await qemuGa.stop();
    qemuGa = await FakeQemuGa.start(path);
    expect(await ask('guest-b')).toBe(did('guest-b'));
  });

  it('synchronises anew after what is no answer', async () => {
    qemuGa.on('guest-odd', () => '@@@\n{"return": "stale"}\n');
    await expect(ask('guest-odd')).rejects.toThrow("its answer cannot be read: JSON parse error, stray '@'");
    expect(await ask('guest-a')).toBe(did('guest-a'));
  });

  it('drops what nobody asked for', async () => {
    qemuGa.on('guest-twice', () => '{"return": 1}\n{"return": 2}\n');
    expect(await ask('guest-twice')).toBe('{"return": 1}');
    expect(await ask('guest-a')).toBe(did('guest-a'));
  });

  it('does not send what nobody waits for any more', async () => {
    const held = qemuGa.hold('guest-first');
    const first = ask('guest-first');
    const { answer } = await held;
    let outcome: unknown = 'never called';
    let wanted = true;
    upstream.send({
      command: 'guest-second',
      raw: Buffer.from('{"execute": "guest-second"}'),
      isWanted: () => wanted,
      done: (given) => {
        outcome = given;
      },
    });
    wanted = false;
    answer('{"return": 1}\n');
    await first;
    await ask('guest-third');
    expect(qemuGa.commands).toEqual(['guest-first', 'guest-third']);
    expect(outcome).toBe('never called');
  });

  it('asks whether anything is frozen when it connects', async () => {
    qemuGa.frozen = true;
    await upstream.start();
    expect(freeze.state).toBe('frozen');
    await ask('guest-fsfreeze-thaw');
    expect(freeze.state).toBe('thawed');
  });

  it('comes back by itself to a qemu-ga that went while freezing, to ask how it ended', async () => {
    qemuGa.on('guest-fsfreeze-freeze', () => {
      qemuGa.frozen = false;
      return 'hang up';
    });
    await expect(ask('guest-fsfreeze-freeze')).rejects.toThrow('not known');
    expect(freeze.state).toBe('freezing');
    await freeze.thawed();
    expect(qemuGa.connections).toBe(2);
  });

  it('ends with what waits answered', async () => {
    const held = qemuGa.hold('guest-long');
    const asked = [ask('guest-long'), ask('guest-next')];
    await held;
    upstream.stop();
    for (const each of asked) await expect(each).rejects.toThrow('clipmuxd is going down');
    await expect(ask('guest-later')).rejects.toThrow('clipmuxd is going down');
  });
});
