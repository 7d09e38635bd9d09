import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NATIVE_FOLDER } from './native.ts';

/** What the bundled program prints: its peer's uid over a socket to itself, and whether memory could be trimmed. */
const PROGRAM = `
import { connect, createServer } from 'node:net';
import { peerCredentials, trimMemory } from '@clipmux/posix';
const path = '\\0clipmux-native-test-' + process.pid;
const server = createServer((socket) => {
  let credentials;
  try { credentials = peerCredentials(socket); } catch (error) { credentials = { code: error.code, message: error.message }; }
  console.log(JSON.stringify({ credentials, trimmed: trimMemory() }));
  process.exit();
}).listen(path, () => connect(path));
`;

const own = { uid: process.geteuid?.(), gid: process.getegid?.() };
const installed = dirname(createRequire(import.meta.url).resolve(`@koromix/koffi-${process.platform}-${process.arch}`));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clipmux-native-'));
  buildSync({
    stdin: { contents: PROGRAM, resolveDir: import.meta.dirname, loader: 'ts' },
    outfile: join(folder, 'program.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node18',
  });
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Answer {
  credentials: { uid?: number; gid?: number; pid?: number; code?: string; message?: string };
  trimmed: boolean;
}

function install(name: string, koffi: 'beside' | 'package' | 'none'): string {
  const place = join(folder, name);
  mkdirSync(place);
  cpSync(join(folder, 'program.cjs'), join(place, 'program.cjs'));
  if (koffi === 'beside') cpSync(installed, join(place, NATIVE_FOLDER), { recursive: true });
  if (koffi === 'package') {
    mkdirSync(join(place, 'node_modules'));
    const packages = dirname(dirname(installed));
    for (const part of ['koffi', '@koromix']) symlinkSync(join(packages, part), join(place, 'node_modules', part));
  }
  return join(place, 'program.cjs');
}

function run(program: string): Answer {
  const { stdout, stderr } = spawnSync(process.execPath, [program], { cwd: '/', encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Answer;
}

describe('a program bundled by esbuild to CommonJS', () => {
  it('finds the binary of koffi in the folder native/ beside it, with no npm package about', () => {
    expect(run(install('beside', 'beside'))).toMatchObject({ credentials: own, trimmed: true });
  });

  it('finds it when started through a symbolic link', () => {
    const link = join(folder, 'link');
    symlinkSync(install('linked', 'beside'), link);
    expect(run(link)).toMatchObject({ credentials: own, trimmed: true });
  });

  it('finds the npm package in node_modules', () => {
    expect(run(install('package', 'package'))).toMatchObject({ credentials: own, trimmed: true });
  });

  it('runs without koffi: memory is not trimmed, and asking for credentials says what to install', () => {
    const answer = run(install('without', 'none'));
    expect(answer.trimmed).toBe(false);
    expect(answer.credentials.code).toBe('native-unavailable');
    expect(answer.credentials.message).toMatch(
      /install the npm package koffi, or put its package .* beside the program/,
    );
  });

  it('does not take koffi from the working folder', () => {
    const program = install('elsewhere', 'none');
    const { stdout } = spawnSync(process.execPath, [program], { cwd: import.meta.dirname, encoding: 'utf8' });
    expect((JSON.parse(stdout) as Answer).credentials.code).toBe('native-unavailable');
  });
});
