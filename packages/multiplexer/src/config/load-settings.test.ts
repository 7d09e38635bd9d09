import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, DEFAULT_SETTINGS, loadSettings } from './index.ts';

let directory: string;
let main: string;
let dropIns: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'clipmux-config-'));
  main = join(directory, 'clipmux.toml');
  dropIns = `${main}.d`;
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function dropIn(name: string, text: string | Uint8Array): string {
  mkdirSync(dropIns, { recursive: true });
  const path = join(dropIns, name);
  writeFileSync(path, text);
  return path;
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('nothing was wrong');
}

describe('loading the configuration', () => {
  it('gives the defaults where there is no file', () => {
    expect(loadSettings(main)).toEqual(DEFAULT_SETTINGS);
  });

  it('fails where a file that was named is not there', () => {
    expect(messageOf(() => loadSettings(main, { mustExist: true }))).toBe(
      `${main}: does not exist: create it, or name another file`,
    );
  });

  it('reads the file, then the drop-ins by the bytes of their names', () => {
    writeFileSync(main, '[limits]\nconnections = 1\nhost-requests = 1\ncontrol-connections = 1\n');
    dropIn('9.toml', 'limits.connections = 9\nlimits.host-requests = 9\n');
    dropIn('10.toml', 'limits.connections = 10\n');
    dropIn('B.toml', 'log.level = "error"\n');
    dropIn('a.toml', 'log.level = "debug"\n');
    const settings = loadSettings(main);
    expect(settings.limits).toMatchObject({ connections: 9, hostRequests: 9, controlConnections: 1 });
    expect(settings.log.level).toBe('debug');
  });

  it('reads drop-ins also where there is no file', () => {
    dropIn('policy.toml', 'policy = "off"\n');
    expect(loadSettings(main).policy).toEqual({ kind: 'off' });
  });

  it('leaves alone what is not named *.toml, and hidden files', () => {
    for (const name of ['README', 'a.toml~', 'a.toml.rpmsave', 'a.conf', '.a.toml', 'a.TOML'])
      dropIn(name, 'policy = "off"\n');
    expect(loadSettings(main)).toEqual(DEFAULT_SETTINGS);
  });

  it('takes a byte order mark and CR LF', () => {
    writeFileSync(main, '\ufeffpolicy = "off"\r\n[log]\r\nlevel = "debug"\r\n');
    expect(loadSettings(main)).toMatchObject({ policy: { kind: 'off' }, log: { level: 'debug' } });
  });

  it('tells all that is wrong in all files at once, those included that cannot be read', () => {
    writeFileSync(main, 'polcy = "off"\n');
    const latin1 = dropIn('1.toml', Uint8Array.of(0x23, 0xe4, 0x0a));
    const wrong = dropIn('2.toml', '\nport = 5');
    const missing = join(dropIns, '3.toml');
    symlinkSync('/nowhere', missing);
    const folder = join(dropIns, '4.toml');
    mkdirSync(folder);
    const large = dropIn('5.toml', '#'.repeat(1024 * 1024 + 1));
    expect(messageOf(() => loadSettings(main)).split('\n')).toEqual([
      `${latin1}: is not UTF-8, as TOML must be: convert it, for example with iconv`,
      `${missing}: does not exist: create it, or name another file`,
      `${folder}: is no regular file: a configuration is one`,
      `${large}: has more than 1048576 bytes: no configuration needs them`,
      `${main}:1:1: polcy: unknown key; did you mean policy?`,
      `${wrong}:2:1: port: must be a device's absolute path or "unix:PATH", not 5`,
    ]);
  });

  it('does not wait for a pipe', () => {
    execFileSync('mkfifo', [main]);
    expect(messageOf(() => loadSettings(main))).toBe(`${main}: is no regular file: a configuration is one`);
  });

  it('says so where the directory of drop-ins is none', () => {
    writeFileSync(dropIns, '');
    expect(messageOf(() => loadSettings(main))).toBe(
      `${dropIns}: cannot be read: ENOTDIR: not a directory, scandir '${dropIns}'`,
    );
  });

  it('names the remedy where it may not read', () => {
    writeFileSync(main, '');
    chmodSync(main, 0);
    chmodSync(directory, 0o755);
    expect(asOrdinaryUser(() => messageOf(() => loadSettings(main)))).toBe(
      `${main}: may not be read by this user: change its owner or mode, for example to root and 0644`,
    );
  });
});

/** Root may read everything, so where the tests run as root, the action runs as nobody. */
function asOrdinaryUser<T>(action: () => T): T {
  if (process.getuid?.() !== 0) return action();
  process.seteuid?.(65_534);
  try {
    return action();
  } finally {
    process.seteuid?.(0);
  }
}
