import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/processes.ts';

const UNITS = join(import.meta.dirname, '../../systemd');

/** What `systemd-analyze security` may find at most: 0 is nothing open, 10 everything. */
const EXPOSURE_MAX = 1.5;

let directory: string;
let programs: string[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'clipmux-units-'));
  programs = [];
  for (const name of await readdir(UNITS)) {
    if (!/\.(service|socket)$/.test(name)) continue;
    // The programs are not installed here; everything else is as it is.
    const text = await readFile(join(UNITS, name), 'utf8');
    programs.push(...[...text.matchAll(/^ExecStart=(\S+)/gm)].map(([, program = '']) => program));
    await writeFile(join(directory, name), text.replaceAll(/^ExecStart=\S+/gm, 'ExecStart=/bin/true'));
  }
});

afterAll(() => rm(directory, { recursive: true }));

describe('the units', () => {
  it('start the programs where the package puts them', () => {
    expect(programs.sort()).toEqual(['/usr/bin/clipmux-session', '/usr/bin/clipmuxd']);
  });

  it.each(['clipmuxd.service', 'clipmuxd.socket', 'clipmuxd-control.socket'])(
    'are understood by systemd: %s',
    async (unit) => {
      const { code, stderr } = await run('systemd-analyze', ['verify', '--man=no', join(directory, unit)]);
      expect(stderr.split('\n').filter((line) => line.includes('clipmux'))).toEqual([]);
      expect(code).toBe(0);
    },
  );

  it('are understood by systemd as a user’s: clipmux-session.service', async () => {
    await copyFile(join(directory, 'clipmux-session.service'), join(directory, 'session.service'));
    const { stderr } = await run('systemd-analyze', ['verify', '--man=no', join(directory, 'session.service')]);
    expect(stderr.split('\n').filter((line) => line.includes('session.service'))).toEqual([]);
  });

  it('are joined by an autostart entry that holds up no login: session managers wait for programs of an early phase to register', async () => {
    const entry = await readFile(join(UNITS, 'clipmux-session.desktop'), 'utf8');
    expect(entry).not.toMatch(/^X-(GNOME|MATE)-Autostart-Phase/m);
  });

  it('leave clipmuxd little to harm', async () => {
    const args = ['security', '--offline=yes', '--no-pager', join(directory, 'clipmuxd.service')];
    const { stdout } = await run('systemd-analyze', args);
    const exposure = Number(/Overall exposure level .*: ([0-9.]+)/.exec(stdout.toString())?.[1]);
    expect(exposure).toBeLessThanOrEqual(EXPOSURE_MAX);
  });
});
