import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { within } from '../support/wait.ts';

const PROGRAM = join(import.meta.dirname, 'main.ts');
/** The demo's own work takes two seconds; starting it on a busy machine takes longer. */
const TIMEOUT_MS = 60_000;

describe('the demo', { timeout: TIMEOUT_MS }, () => {
  /** Where it makes its folders. */
  let folder: string;
  let demo: ChildProcess;
  let output: string;
  let errors: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'clipmux-demo-test-'));
    output = '';
    errors = '';
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function start(...options: string[]): void {
    demo = spawn(process.execPath, ['--import', 'tsx', PROGRAM, ...options], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true, // a group of its own, by which what it leaves is found
    });
    demo.stdout?.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
    demo.stderr?.on('data', (bytes: Buffer) => {
      errors += bytes.toString();
    });
  }

  async function status(): Promise<number | null> {
    const [code] = (await within(once(demo, 'exit'), `the demo to end: ${output}${errors}`, TIMEOUT_MS)) as [number];
    return code;
  }

  /** Processes of its group that still run, and what it has left of files. */
  function left(): readonly string[] {
    const group = execFileSync('ps', ['-A', '-o', 'pgid=,stat=,args='], { encoding: 'utf8' })
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([pgid, stat]) => pgid === String(demo.pid) && !stat?.startsWith('Z'))
      .map(([, , ...words]) => words.join(' '));
    return [...group, ...readdirSync(folder).filter((name) => name.startsWith('clipmux-'))];
  }

  it('plays the main job, and leaves nothing', async () => {
    start();
    expect(await status()).toBe(0);
    expect(output).toContain('All 8 contents arrived as they were sent.');
    expect(left()).toEqual([]);
  });

  it('says what is wrong with a display that is not there, and leaves nothing', async () => {
    start('--display', ':4711');
    expect(await status()).toBe(1);
    expect(errors).toContain('cannot reach the X display ":4711"');
    expect(errors).not.toContain('    at ');
    expect(left()).toEqual([]);
  });

  it.each(['SIGHUP', 'SIGTERM', 'SIGINT'] as const)(
    'that stays up ends by %s, with all that it has started',
    async (signal) => {
      start('--keep');
      await within(
        new Promise<void>((resolve) => demo.stdout?.on('data', () => output.includes('host> ') && resolve())),
        'the prompt',
        TIMEOUT_MS,
      );
      demo.kill(signal);
      expect(await status()).toBe(143);
      expect(left()).toEqual([]);
    },
  );

  it('shows its usage', async () => {
    start('--foo');
    expect(await status()).toBe(2);
    expect(errors).toContain('Usage: npm run demo');
  });
});
