import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leanDbusNext } from '../../scripts/build/dbus-next.ts';
import { LogindWorld } from './world.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('dbus-next as clipmuxd bundles it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'clipmux-bundle-'));
  const program = join(folder, 'list-sessions.cjs');
  let modules: readonly string[];
  let world: LogindWorld;

  beforeAll(async () => {
    world = await LogindWorld.withAliceAndBob();
    const result = await build({
      absWorkingDir: ROOT,
      entryPoints: [join(import.meta.dirname, 'list-sessions.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node18',
      plugins: [leanDbusNext],
      metafile: true,
      logLevel: 'silent',
    });
    modules = Object.keys(result.metafile.inputs);
  });

  afterAll(async () => {
    await world.end();
    rmSync(folder, { recursive: true });
  });

  it('brings along nothing for XML, X11, old streams or old Nodes', () => {
    expect(modules.some((path) => path.includes('/dbus-next/lib/bus.js'))).toBe(true);
    const unused = /node_modules\/(xml2js|xmlbuilder|sax|x11|event-stream|through|jsbi|hexy|usocket)\//;
    expect(modules.filter((path) => unused.test(path))).toEqual([]);
  });

  it('connects, reads the sessions and asks for one by pid', async () => {
    world.mock.bindPid(4711, '2');
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, '4711'], {
      env: { ...process.env, ...world.bus.env },
    });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({
      sessions: [{ id: '1', active: true }, { id: '2' }],
      ofPid: { id: '2' },
    });
  });
});
