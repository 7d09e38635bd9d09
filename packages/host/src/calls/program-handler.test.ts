import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PROGRAM_ERROR_CHARACTERS_MAX } from './limits.ts';
import { programHandler } from './program-handler.ts';

let controller: AbortController;
beforeEach(() => {
  controller = new AbortController();
});

const run = async (command: string, params: Readonly<Record<string, unknown>> = {}): Promise<unknown> =>
  programHandler(command)(params, { session: 3, signal: controller.signal });

describe('a program that handles calls', () => {
  it('is given the parameters on its standard input, never as shell', async () => {
    const params = { text: "'; touch /tmp/no; `x` $(y)\n", list: [1] };
    expect(await run('cat', params)).toEqual(params);
  });

  it('knows the session', async () => {
    expect(await run('echo "$CLIPMUX_SESSION"')).toBe(3);
  });

  it('may print nothing, and need not read', async () => {
    expect(await run('true', { large: 'x'.repeat(60_000) })).toEqual({});
  });

  it.each([
    ['echo no such share >&2; exit 3', /^no such share$/],
    ['exit 3', /^the handler ended with 3$/],
    ['kill -9 $$', /^the handler ended with SIGKILL$/],
    ['echo what', /no JSON/],
    ['no-such-program-at-all', /not found/],
    ['yes', /printed too much/],
  ])('that fails is an error that says why: %s', async (command, reason) => {
    await expect(run(command)).rejects.toThrow(reason);
  });

  it('has only the beginning of a long complaint told', async () => {
    const error = await run('head -c 100000 /dev/zero | tr "\\0" x >&2; exit 1').catch((reason: Error) => reason);
    expect((error as Error).message).toHaveLength(PROGRAM_ERROR_CHARACTERS_MAX);
  });

  describe('when nobody waits any more', () => {
    let directory: string;
    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'clipmux-handler-'));
    });
    afterEach(() => rmSync(directory, { recursive: true }));

    it('ends with all that it has started', async () => {
      const file = join(directory, 'ended');
      const ready = join(directory, 'ready');
      const command = `(trap 'echo ended > ${file}; exit' TERM; echo > ${ready}; while :; do sleep 0.01; done) & wait`;
      const done = run(command).catch((error: Error) => error);
      await vi.waitUntil(() => existsSync(ready), { timeout: 5000 });
      controller.abort();
      expect(await done).toBeInstanceOf(Error);
      expect(readFileSync(file, 'utf8')).toBe('ended\n');
    });
  });
});
