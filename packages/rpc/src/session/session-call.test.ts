import { describe, expect, it } from 'vitest';
import { type CancelSignal, RpcError } from '../peer/index.ts';
import { AgentWire } from './agent-wire.ts';
import { DaemonWire } from './daemon-wire.ts';
import {
  HOST_CALL_TIMEOUT_MAX_MS,
  HOST_JSON_DEPTH_MAX,
  HOST_PARAMS_BYTES_MAX,
  HOST_RETURN_BYTES_MAX,
  SESSION_CALL_GRACE_MS,
  SESSION_CALLS_MAX,
} from './limits.ts';
import { isReservedMethod } from './method-names.ts';
import type { SessionCall, SessionCallHandler } from './session-calls.ts';
import { FakeTimers, RawPeer, settle, streamPair } from './testing.ts';

const refuse = (): never => {
  throw new RpcError('no-owner', 'nobody');
};
const TIME = { timeoutMs: 1000 };

/** clipmuxd's end, on a clock that stands still. */
function daemonOn(stream: ReturnType<typeof streamPair>[number], timers: FakeTimers): DaemonWire {
  const handlers = {
    'session.hello': () => ({ session: 7, daemon: { version: '0' } }),
    'selection.grab': () => {},
    'selection.release': () => {},
    'selection.request': refuse,
  };
  return new DaemonWire(stream, handlers, { timers });
}

/** clipmuxd, and an agent that has said hello and calls its programs by `serve`. */
async function connected(serve?: SessionCallHandler) {
  const [left, right] = streamPair();
  const timers = new FakeTimers();
  const daemon = daemonOn(left, timers);
  const agent = new AgentWire(
    right,
    {
      'selection.grab': () => {},
      'selection.release': () => {},
      'paste.cut-short': () => {},
      'selection.request': refuse,
      ...(serve && { 'session.call': serve }),
    },
    { timers },
  );
  await agent.hello({ agent: { name: 'test', version: '1' }, display: ':0', session: null });
  return { agent, daemon, timers };
}

/** clipmuxd, and an agent that is written by hand. */
async function withRawAgent() {
  const [left, right] = streamPair();
  const timers = new FakeTimers();
  const daemon = daemonOn(left, timers);
  const agent = new RawPeer(right);
  const params = { version: 1, agent: { name: 'raw', version: '1' }, display: ':0', session: null };
  agent.send({ id: 1, method: 'session.hello', params });
  await agent.nextJson();
  return { agent, daemon, timers };
}

const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
};

/** Never answers; tells what it was asked, and its signals. */
function silent() {
  const asked: { readonly called: SessionCall; readonly signal: CancelSignal }[] = [];
  const serve: SessionCallHandler = (called, signal) => {
    asked.push({ called, signal });
    return new Promise((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    );
  };
  return { asked, serve };
}

describe('session.call', () => {
  it('carries method, parameters and time, and gives back whatever JSON was returned', async () => {
    const calls: SessionCall[] = [];
    const returned = [{ a: [1, null] }, null, 'text', false, []];
    const { daemon } = await connected(async (called) => {
      calls.push(called);
      return returned[calls.length - 1];
    });
    for (const value of returned)
      expect(await daemon.sessionCall('choose-file', { x: { y: [1] } }, TIME)).toEqual(value);
    expect(await daemon.sessionCall('nothing', {}, TIME)).toBeNull();
    expect(calls[0]).toEqual({ method: 'choose-file', params: { x: { y: [1] } }, timeoutMs: 1000 });
  });

  it('gives each of many at once its own answer, whatever the order', async () => {
    const waiting: (() => void)[] = [];
    const { daemon } = await connected(
      ({ params }) => new Promise((resolve) => waiting.push(() => resolve(params['number']))),
    );
    const numbers = Array.from({ length: SESSION_CALLS_MAX }, (_, number) => number);
    const answers = numbers.map((number) => daemon.sessionCall('echo', { number }, TIME));
    await settle();
    for (const answer of waiting.reverse()) answer();
    expect(await Promise.all(answers)).toEqual(numbers);
  });

  it('rejects with what the agent says, the message of the program included', async () => {
    const { daemon } = await connected(async () => {
      throw new RpcError('program-error', 'the program answered with an error: no', { details: ['no'] });
    });
    await expect(daemon.sessionCall('a', {}, TIME)).rejects.toMatchObject({
      name: 'program-error',
      code: 54,
      remote: true,
      details: ['no'],
    });
  });

  it('is no method of an agent that is older', async () => {
    const { daemon } = await connected();
    await expect(daemon.sessionCall('a', {}, TIME)).rejects.toMatchObject({ name: 'method-not-found', remote: true });
    await daemon.ping();
  });

  it('is taken back when its signal is aborted; the agent hears of it', async () => {
    const { asked, serve } = silent();
    const { daemon } = await connected(serve);
    const controller = new AbortController();
    const call = daemon.sessionCall('slow', {}, { ...TIME, signal: controller.signal });
    const other = daemon.sessionCall('slow', {}, TIME);
    await settle();
    controller.abort();
    await expect(call).rejects.toMatchObject({ name: 'cancelled' });
    await settle();
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    const again = daemon.sessionCall('slow', {}, { ...TIME, signal: controller.signal });
    await expect(again).rejects.toMatchObject({ name: 'cancelled' });
    await settle();
    expect(asked).toHaveLength(2);
    void daemon.close();
    await expect(other).rejects.toMatchObject({ name: 'connection-closed' });
    await settle();
    expect(asked[1]?.signal.aborted).toBe(true);
  });

  it('is given up when the agent says nothing for longer than the program may take, and the agent is told', async () => {
    const { agent, daemon, timers } = await withRawAgent();
    const call = daemon.sessionCall('slow', {}, TIME);
    const failed = expect(call).rejects.toMatchObject({ name: 'timed-out', remote: false });
    const { method, params } = await agent.nextJson();
    expect([method, params]).toEqual(['session.call', { call: 1, method: 'slow', params: {}, timeoutMs: 1000 }]);
    timers.advance(TIME.timeoutMs + SESSION_CALL_GRACE_MS);
    await failed;
    expect(timers.running).toBe(0);
    expect(await agent.nextJson()).toMatchObject({ method: 'session.cancel', params: { call: 1 } });
  });

  it('is refused to an agent that has as many open as it may, whatever it does with them', async () => {
    const { agent, daemon } = await withRawAgent();
    const open = Array.from({ length: SESSION_CALLS_MAX }, () => daemon.sessionCall('slow', {}, TIME));
    await expect(daemon.sessionCall('slow', {}, TIME)).rejects.toMatchObject({ name: 'limit-exceeded' });
    const { id } = await agent.nextJson();
    agent.send({ id, result: { return: 5 } });
    expect(await open[0]).toBe(5);
    const failed = Promise.allSettled([...open, daemon.sessionCall('slow', {}, TIME)]);
    void daemon.close();
    expect((await failed).filter(({ status }) => status === 'rejected')).toHaveLength(SESSION_CALLS_MAX);
  });

  it.each([
    ['more than is carried', { return: 'x'.repeat(HOST_RETURN_BYTES_MAX) }, 'too-large'],
    ['what is nested too deep', { return: nested(HOST_JSON_DEPTH_MAX + 1) }, 'too-large'],
    ['what is no answer', { answer: 5 }, 'protocol-error'],
  ])('does not pass on %s, and goes on', async (_what, result, name) => {
    const { agent, daemon } = await withRawAgent();
    const call = daemon.sessionCall('a', {}, TIME);
    const failed = expect(call).rejects.toMatchObject({ name });
    agent.send({ id: (await agent.nextJson())['id'], result });
    await failed;
    const next = daemon.sessionCall('a', {}, TIME);
    let message = await agent.nextJson();
    while (message['method'] !== 'session.call') message = await agent.nextJson();
    agent.send({ id: message['id'], result: { return: 1 } });
    expect(await next).toBe(1);
  });

  it('that returns too much fails at the agent already', async () => {
    const { daemon } = await connected(async () => 'x'.repeat(HOST_RETURN_BYTES_MAX));
    await expect(daemon.sessionCall('a', {}, TIME)).rejects.toMatchObject({ name: 'too-large', remote: true });
  });

  it.each([
    ['a method with a blank', 'a b', {}, 1],
    ['a method of 65 characters', 'x'.repeat(65), {}, 1],
    ['a list for parameters', 'a', [1] as never, 1],
    ['parameters that are too long', 'a', { x: 'y'.repeat(HOST_PARAMS_BYTES_MAX) }, 1],
    ['parameters that are too deep', 'a', { x: nested(HOST_JSON_DEPTH_MAX) }, 1],
    ['no time', 'a', {}, 0],
    ['too much time', 'a', {}, HOST_CALL_TIMEOUT_MAX_MS + 1],
  ])('with %s is answered with invalid-params by the agent', async (_what, method, params, timeoutMs) => {
    const { daemon } = await connected(async () => 1);
    await expect(daemon.sessionCall(method, params, { timeoutMs })).rejects.toMatchObject({ name: 'invalid-params' });
    expect(await daemon.sessionCall('a', {}, TIME)).toBe(1);
  });

  it('with the number of one that is open is refused, and so is one too many, by the agent', async () => {
    const [left, right] = streamPair();
    const { serve } = silent();
    const handlers = { 'selection.grab': () => {}, 'selection.release': () => {}, 'paste.cut-short': () => {} };
    new AgentWire(right, { ...handlers, 'selection.request': refuse, 'session.call': serve });
    const daemon = new RawPeer(left);
    const call = (id: number, number: number): void =>
      daemon.send({ id, method: 'session.call', params: { call: number, method: 'slow' } });
    for (let number = 1; number <= SESSION_CALLS_MAX; number += 1) call(number, number);
    call(101, 1);
    expect(await daemon.nextJson()).toMatchObject({ id: 101, error: { data: { name: 'invalid-params' } } });
    call(102, 99);
    expect(await daemon.nextJson()).toMatchObject({ id: 102, error: { data: { name: 'limit-exceeded' } } });
    daemon.send({ method: 'session.cancel', params: { call: 98 } });
    daemon.send({ method: 'session.cancel', params: { call: 1 } });
    expect(await daemon.nextJson()).toMatchObject({ id: 1, error: { data: { name: 'cancelled' } } });
  });
});

describe('reserved methods', () => {
  it('are clipmux’s own, and what only looks like them is free', () => {
    const own = ['ping', 'selection.targets', 'selection.x', 'session.serve', 'host.call', 'clipmux.any'];
    expect(own.filter((name) => !isReservedMethod(name))).toEqual([]);
    expect(['pings', 'selections', 'session', 'my.session.x', 'Ping'].filter(isReservedMethod)).toEqual([]);
  });
});
