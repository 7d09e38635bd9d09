import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HEALTHY, STATUS } from '../facts.fixture.ts';
import { gatherDesktop, gatherDisplays } from './desktop.ts';
import { gatherPort } from './port.ts';
import { gatherProcesses } from './processes.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clipmux-gather-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('processes', () => {
  it('are called by their script where they are Node programs, else as the kernel calls them', () => {
    const add = (pid: string, comm: string, ...command: string[]) => {
      mkdirSync(join(folder, pid));
      writeFileSync(join(folder, pid, 'comm'), `${comm}\n`);
      writeFileSync(join(folder, pid, 'cmdline'), command.map((word) => `${word}\0`).join(''));
    };
    add('1', 'systemd', '/sbin/init');
    add('20', 'node', 'node', '/usr/bin/clipmux-session', '--display', ':0');
    add('30', 'node', '/usr/bin/node', '--max-old-space-size=64', '/usr/lib/clipmux/clipmuxd.cjs');
    add('40', 'i3lock', 'i3lock', '-n');
    add('50', 'node', 'node');
    add('60', 'kthread');
    mkdirSync(join(folder, '70')); // one that ended while it was looked at
    mkdirSync(join(folder, 'self'));
    const uid = process.getuid?.();
    expect(gatherProcesses(folder)).toEqual([
      { pid: 1, uid, name: 'systemd' },
      { pid: 20, uid, name: 'clipmux-session' },
      { pid: 30, uid, name: 'clipmuxd' },
      { pid: 40, uid, name: 'i3lock' },
      { pid: 50, uid, name: 'node' },
      { pid: 60, uid, name: 'kthread' },
    ]);
  });

  it('of this machine are found', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    await once(child, 'spawn');
    expect(gatherProcesses()).toContainEqual({ pid: child.pid, uid: process.getuid?.(), name: 'sleep' });
    child.kill();
  });
});

describe('the port', () => {
  it('is told by clipmuxd where it answers', () => {
    const lastError = { code: 'host-absent', message: 'nobody is there', at: 0 };
    const waiting = { ...STATUS, port: { ...STATUS.port, state: 'waiting' as const, lastError } };
    const daemon = { status: waiting, sessions: [] };
    expect(gatherPort(undefined, HEALTHY.control, daemon)).toEqual({
      name: STATUS.port.name,
      problem: lastError,
      holder: null,
    });
    const open = { status: { ...STATUS, port: { ...STATUS.port, lastError } }, sessions: [] };
    expect(gatherPort(undefined, HEALTHY.control, open).problem).toBeNull();
  });

  it('is looked at where clipmuxd does not run', () => {
    const control = { ...HEALTHY.control, state: 'missing' as const };
    expect(gatherPort(join(folder, 'none'), control, null).problem?.code).toBe('missing');
    expect(gatherPort(`unix:${folder}/none`, control, null).problem?.code).toBe('missing');
    expect(gatherPort(`unix:${folder}`, control, null).problem).toBeNull();
    expect(gatherPort('/dev/null', control, null)).toEqual({ name: '/dev/null', problem: null, holder: null });
  });
});

describe('displays', () => {
  it('are the sockets of X servers, with their owners', async () => {
    const server = createServer().listen(join(folder, 'X7'));
    await once(server, 'listening');
    writeFileSync(join(folder, 'X8'), '');
    writeFileSync(join(folder, 'Y9'), '');
    expect(gatherDisplays(folder)).toEqual([{ name: ':7', uid: process.getuid?.() }]);
    server.close();
    expect(gatherDisplays(join(folder, 'none'))).toEqual([]);
  });

  it.each([
    [{}, null],
    [{ DISPLAY: 'nonsense' }, 'display-invalid'],
    [{ DISPLAY: ':59000' }, 'display-unreachable'],
  ])('are tried as clipmux-session would: %j', async (env, code) => {
    const { problem } = await gatherDesktop(env);
    expect(problem?.code ?? null).toBe(code);
  });
});
