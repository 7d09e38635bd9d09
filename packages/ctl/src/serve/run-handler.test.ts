import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cancellation } from '@clipmux/rpc';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { COMPLAINT_CHARACTERS_MAX } from './limits.ts';
import { runHandler } from './run-handler.ts';

let cancellation: Cancellation;
beforeEach(() => {
  cancellation = new Cancellation();
});

const run = (command: string, params: object = {}): Promise<unknown> =>
  runHandler(command, params, process.env, cancellation);

describe('a command that answers a call', () => {
  it('is given the parameters on its standard input, never as shell', async () => {
    const params = { text: "'; touch /tmp/no; `x` $(y)\n", list: [1] };
    expect(await run('cat', params)).toEqual(params);
  });

  it('may print nothing, and need not read', async () => {
    expect(await run('true', { large: 'x'.repeat(60_000) })).toEqual({});
  });

  it.each([
    ['echo no such file >&2; exit 3', /^no such file$/],
    ['exit 3', /^the command ended with 3$/],
    ['kill -9 $$', /^the command ended with SIGKILL$/],
    ['echo what', /no JSON/],
    ['no-such-program-at-all', /not found/],
    ['yes', /printed more than 524288 bytes/],
  ])('and fails is an error that says why: %s', async (command, reason) => {
    await expect(run(command)).rejects.toMatchObject({
      name: 'program-error',
      message: expect.stringMatching(reason),
    });
  });

  it('has the last of a long complaint told', async () => {
    const error = await run('head -c 100000 /dev/zero | tr "\\0" x >&2; echo the reason >&2; exit 1').catch(
      (reason: Error) => reason,
    );
    expect((error as Error).message).toMatch(/xthe reason$/);
    expect((error as Error).message.length).toBeLessThanOrEqual(COMPLAINT_CHARACTERS_MAX);
  });

  it('ends with all that it has started when nobody waits any more', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'clipmux-handler-'));
    try {
      const [file, ready] = [join(directory, 'ended'), join(directory, 'ready')];
      const command = `(trap 'echo ended > ${file}; exit' TERM; echo > ${ready}; while :; do sleep 0.01; done) & wait`;
      const done = run(command).catch((error: Error) => error);
      await vi.waitUntil(() => existsSync(ready), { timeout: 5000 });
      cancellation.abort(new Error('taken back'));
      expect(await done).toBeInstanceOf(Error);
      expect(readFileSync(file, 'utf8')).toBe('ended\n');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
