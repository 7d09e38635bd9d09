import { describe, expect, it } from 'vitest';
import { RpcError } from '../peer/index.ts';
import { AgentWire } from './agent-wire.ts';
import { type DaemonHandlers, DaemonWire } from './daemon-wire.ts';
import { jsonProblem } from './json-bounds.ts';
import { HOST_CALL_TIMEOUT_MAX_MS, HOST_JSON_DEPTH_MAX, HOST_PARAMS_BYTES_MAX } from './limits.ts';
import { settle, streamPair } from './testing.ts';

type HostCall = Parameters<NonNullable<DaemonHandlers['host.call']>>[0];

/** An agent that has said hello, and what its calls of the host came to at clipmuxd. */
async function connected(changes: Partial<DaemonHandlers> = {}) {
  const [left, right] = streamPair();
  const cancelled: number[] = [];
  const refuse = (): never => {
    throw new RpcError('no-owner', 'nobody');
  };
  const daemon = new DaemonWire(left, {
    'session.hello': () => ({ session: 7, daemon: { version: '0' } }),
    'selection.grab': () => {},
    'selection.release': () => {},
    'selection.request': refuse,
    'host.cancel': ({ call }) => cancelled.push(call),
    ...changes,
  });
  const agent = new AgentWire(right, {
    'selection.grab': () => {},
    'selection.release': () => {},
    'paste.cut-short': () => {},
    'selection.request': refuse,
  });
  await agent.hello({ agent: { name: 'test', version: '1' }, display: ':0', session: null });
  return { agent, daemon, cancelled };
}

const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
};

describe('host.call', () => {
  it('carries method, parameters, time and a number of its own, and gives back whatever JSON was returned', async () => {
    const calls: HostCall[] = [];
    const returned = [{ a: [1, null] }, null, 'text', false, []];
    const { agent } = await connected({
      'host.call': async (call) => {
        calls.push(call);
        return { return: returned[calls.length - 1] };
      },
    });
    expect(await agent.hostCall('open-url', { url: 'x', deep: { er: [1] } }, { timeoutMs: 5 })).toEqual(returned[0]);
    for (const value of returned.slice(1)) expect(await agent.hostCall('other')).toEqual(value);
    expect(calls.slice(0, 2)).toEqual([
      { call: 1, method: 'open-url', params: { url: 'x', deep: { er: [1] } }, timeoutMs: 5 },
      { call: 2, method: 'other', params: {} },
    ]);
  });

  it("rejects with the host's class and description", async () => {
    const { agent } = await connected({
      'host.call': async () => {
        throw new RpcError('host-error', 'no such share', { details: ['GenericError', 'no such share'] });
      },
    });
    await expect(agent.hostCall('mount')).rejects.toMatchObject({
      name: 'host-error',
      code: 52,
      details: ['GenericError', 'no such share'],
    });
  });

  it('is taken back by its number when its signal is aborted, and by nothing after it is over', async () => {
    const { agent, cancelled } = await connected({
      'host.call': async ({ method }) => (method === 'slow' ? await new Promise<never>(() => {}) : { return: 1 }),
    });
    const early = new AbortController();
    await agent.hostCall('quick', {}, { signal: early.signal });
    early.abort();
    const controller = new AbortController();
    const slow = agent.hostCall('slow', {}, { signal: controller.signal });
    await settle();
    controller.abort();
    await expect(slow).rejects.toMatchObject({ name: 'cancelled' });
    await expect(agent.hostCall('slow', {}, { signal: controller.signal })).rejects.toMatchObject({
      name: 'cancelled',
    });
    await settle();
    expect(cancelled).toEqual([2]);
  });

  it('is no method where clipmuxd has none', async () => {
    const { agent } = await connected();
    await expect(agent.hostCall('any')).rejects.toMatchObject({ name: 'method-not-found' });
  });

  it.each([
    ['a method with a blank', 'a b', {}, undefined],
    ['no method', '', {}, undefined],
    ['a method of 65 characters', 'x'.repeat(65), {}, undefined],
    ['a list for parameters', 'a', [1] as never, undefined],
    ['parameters that are too long', 'a', { x: 'y'.repeat(HOST_PARAMS_BYTES_MAX) }, undefined],
    ['parameters that are too deep', 'a', { x: nested(HOST_JSON_DEPTH_MAX) }, undefined],
    ['no time', 'a', {}, 0],
    ['too much time', 'a', {}, HOST_CALL_TIMEOUT_MAX_MS + 1],
  ])(
    'with %s is answered with invalid-params, and the connection goes on',
    async (_what, method, params, timeoutMs) => {
      const { agent } = await connected({ 'host.call': async () => ({ return: 1 }) });
      const call = agent.hostCall(method, params, timeoutMs === undefined ? {} : { timeoutMs });
      await expect(call).rejects.toMatchObject({ name: 'invalid-params' });
      expect(await agent.hostCall('a')).toBe(1);
    },
  );
});

describe('jsonProblem', () => {
  it('allows exactly so many bytes in UTF-8 and exactly so many levels', () => {
    expect(jsonProblem('é', 4)).toBeUndefined();
    expect(jsonProblem('é', 3)).toBe('have at most 3 bytes as JSON');
    expect(jsonProblem(nested(HOST_JSON_DEPTH_MAX), 1000)).toBeUndefined();
    expect(jsonProblem([nested(HOST_JSON_DEPTH_MAX)], 1000)).toBe(`not be nested deeper than ${HOST_JSON_DEPTH_MAX}`);
  });

  it('finds nesting that would break the stack of whoever writes it', () => {
    const value: unknown = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect(jsonProblem(value, 1_000_000)).toMatch(/nested/);
  });
});
