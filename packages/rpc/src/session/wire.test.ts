import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeJsonFrame } from '../frame/index.ts';
import { RPC_ERROR_CODES, RpcError } from '../peer/index.ts';
import { type AgentHandlers, AgentWire } from './agent-wire.ts';
import { type DaemonHandlers, DaemonWire, type DaemonWireOptions } from './daemon-wire.ts';
import { AGENT_TO_DAEMON, DAEMON_TO_AGENT } from './methods.ts';
import { FakeTimers, RawPeer, settle, streamPair } from './testing.ts';
import type { CloseReason } from './wire-types.ts';

const IDENTITY = { agent: { name: 'test', version: '1' }, display: ':0', session: null };
const HELLO = { id: 1, method: 'session.hello', params: { version: 1, ...IDENTITY } };

interface Recorded {
  readonly events: unknown[];
  readonly reasons: CloseReason[];
}

function daemonHandlers(recorded: Recorded, changes: Partial<DaemonHandlers> = {}): DaemonHandlers {
  return {
    'session.hello': () => ({ session: 7, daemon: { version: '0' } }),
    ready: () => recorded.events.push('ready'),
    'selection.grab': (params) => recorded.events.push(['grab', params]),
    'selection.release': (params) => recorded.events.push(['release', params]),
    'selection.request': () => {
      throw new RpcError('no-owner', 'nobody');
    },
    closed: (reason) => recorded.reasons.push(reason),
    internalError: (error) => recorded.events.push(['internal', error]),
    ...changes,
  };
}

function rawDaemon(changes: Partial<DaemonHandlers> = {}, options: DaemonWireOptions = {}) {
  const [ours, theirs] = streamPair();
  const recorded: Recorded = { events: [], reasons: [] };
  const wire = new DaemonWire(ours, daemonHandlers(recorded, changes), options);
  return { wire, raw: new RawPeer(theirs), ...recorded };
}

function bothEnds(daemonChanges: Partial<DaemonHandlers> = {}, agentChanges: Partial<AgentHandlers> = {}) {
  const [left, right] = streamPair();
  const daemonSide: Recorded = { events: [], reasons: [] };
  const agentSide: Recorded = { events: [], reasons: [] };
  const daemon = new DaemonWire(left, daemonHandlers(daemonSide, daemonChanges));
  const agent = new AgentWire(right, {
    'selection.grab': (params) => agentSide.events.push(['grab', params]),
    'selection.release': (params) => agentSide.events.push(['release', params]),
    'paste.cut-short': (params) => agentSide.events.push(['cut short', params]),
    'selection.request': () => {
      throw new RpcError('no-owner', 'nobody');
    },
    closed: (reason) => agentSide.reasons.push(reason),
    ...agentChanges,
  });
  return { daemon, agent, daemonSide, agentSide };
}

describe('session.hello', () => {
  it('is answered with version, session id, daemon and limits', async () => {
    const { raw, events } = rawDaemon();
    raw.send(HELLO);
    expect(await raw.nextJson()).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: {
        version: 1,
        session: 7,
        daemon: { version: '0' },
        limits: { jsonFrameBytes: 1024 * 1024, openTransfers: 16, pendingCalls: 64 },
      },
    });
    expect(events).toEqual(['ready']);
  });

  it('is answered with version 1 to an agent that speaks a later one', async () => {
    const { raw } = rawDaemon();
    raw.send({ ...HELLO, params: { ...HELLO.params, version: 9, newField: true } });
    expect(await raw.nextJson()).toMatchObject({ result: { version: 1 } });
  });

  it('is refused with version-unsupported below version 1, and the connection ends', async () => {
    const { raw } = rawDaemon();
    raw.send({ ...HELLO, params: { ...HELLO.params, version: 0 } });
    expect(await raw.nextJson()).toMatchObject({ id: 1, error: { code: 2, data: { name: 'version-unsupported' } } });
    expect(await raw.nextJson()).toMatchObject({ method: 'session.end', params: { code: 2 } });
    expect(await raw.next()).toEqual({ end: true });
  });

  it('ends the connection where its parameters are wrong, naming the member and not the value', async () => {
    const { raw } = rawDaemon();
    raw.send({ ...HELLO, params: { ...HELLO.params, display: 'x'.repeat(300) } });
    const answer = await raw.nextJson();
    expect(answer).toMatchObject({ error: { code: -32602, message: 'display must be at most 255 bytes' } });
    expect(await raw.nextJson()).toMatchObject({ method: 'session.end' });
  });

  it.each([
    ['a ping', { id: 5, method: 'ping', params: {} }, true],
    ['a grab', { method: 'selection.grab', params: { selection: 'clipboard', types: [], seen: 0 } }, false],
    ['a hello without an id', { method: 'session.hello', params: HELLO.params }, false],
  ])('is required before %s: the connection ends with hello-required', async (_what, message, answered) => {
    const { raw, events, reasons } = rawDaemon();
    raw.send(message);
    if (answered)
      expect(await raw.nextJson()).toMatchObject({ id: 5, error: { code: 1, data: { name: 'hello-required' } } });
    expect(await raw.nextJson()).toMatchObject({ method: 'session.end', params: { code: 1, name: 'hello-required' } });
    expect(await raw.next()).toEqual({ end: true });
    expect(events).toEqual([]);
    expect(reasons).toMatchObject([{ by: 'us', name: 'hello-required' }]);
  });

  it('is required before data', async () => {
    const { raw } = rawDaemon();
    raw.data(1, Buffer.from('x'));
    expect(await raw.nextJson()).toMatchObject({ method: 'session.end', params: { name: 'hello-required' } });
  });

  it('must be answered before the agent sends anything else', async () => {
    const { raw, reasons } = rawDaemon({ 'session.hello': () => new Promise(() => undefined) });
    raw.together(HELLO, { id: 2, method: 'ping', params: {} });
    expect(await raw.nextJson()).toMatchObject({ id: 2, error: { code: 1 } });
    expect(reasons).toMatchObject([{ name: 'hello-required' }]);
  });

  it('may be said only once', async () => {
    const { raw, wire } = rawDaemon();
    raw.send(HELLO);
    await raw.nextJson();
    raw.send({ ...HELLO, id: 2 });
    expect(await raw.nextJson()).toMatchObject({ id: 2, error: { code: -32600 } });
    expect(wire.closeReason).toBeUndefined();
  });

  it('refused by clipmuxd rejects at the agent, which then learns the reason of the end', async () => {
    const { agent, agentSide } = bothEnds({
      'session.hello': () => {
        throw new RpcError('duplicate-agent', 'session 3 has one');
      },
    });
    await expect(agent.hello(IDENTITY)).rejects.toMatchObject({ name: 'duplicate-agent', code: 4, remote: true });
    await settle();
    expect(agentSide.reasons).toEqual([{ by: 'peer', name: 'duplicate-agent', message: 'session 3 has one' }]);
  });

  it('must come in time', async () => {
    const timers = new FakeTimers();
    const { raw } = rawDaemon({}, { timers, helloTimeoutMs: 100 });
    timers.advance(100);
    expect(await raw.nextJson()).toMatchObject({ method: 'session.end', params: { name: 'hello-required' } });
  });

  it('leaves no timer running once it is answered', async () => {
    const timers = new FakeTimers();
    const { raw } = rawDaemon({}, { timers });
    expect(timers.running).toBe(1);
    raw.send(HELLO);
    await raw.nextJson();
    expect(timers.running).toBe(0);
  });
});

describe('a session connection', () => {
  it('carries grabs and releases both ways, in order', async () => {
    const { agent, daemon, agentSide, daemonSide } = bothEnds({
      ready: () =>
        daemon.notify('selection.grab', { selection: 'primary', serial: 1, types: ['text/plain;charset=utf-8'] }),
    });
    await expect(agent.hello(IDENTITY)).resolves.toMatchObject({ session: 7 });
    daemon.notify('selection.release', { selection: 'primary', serial: 2 });
    agent.notify('selection.grab', { selection: 'clipboard', types: ['image/png'], seen: 0 });
    agent.notify('selection.release', { selection: 'clipboard', seen: 1 });
    await settle();
    expect(agentSide.events).toEqual([
      ['grab', { selection: 'primary', serial: 1, types: ['text/plain;charset=utf-8'] }],
      ['release', { selection: 'primary', serial: 2 }],
    ]);
    expect(daemonSide.events).toEqual([
      ['grab', { selection: 'clipboard', types: ['image/png'], seen: 0, secret: false }],
      ['release', { selection: 'clipboard', seen: 1 }],
    ]);
  });

  it('carries that a grab is secret, and that a paste was cut short', async () => {
    const { agent, daemon, agentSide, daemonSide } = bothEnds();
    await agent.hello(IDENTITY);
    agent.notify('selection.grab', { selection: 'clipboard', types: [], seen: 0, secret: true });
    const cutShort = { selection: 'primary', direction: 'guest-to-host', reason: 'too-large' } as const;
    daemon.notify('paste.cut-short', cutShort);
    await settle();
    expect(daemonSide.events.at(-1)).toEqual(['grab', { selection: 'clipboard', types: [], seen: 0, secret: true }]);
    expect(agentSide.events).toEqual([['cut short', cutShort]]);
  });

  it('answers ping both ways', async () => {
    const { agent, daemon } = bothEnds();
    await agent.hello(IDENTITY);
    await expect(agent.ping()).resolves.toBeUndefined();
    await expect(daemon.ping()).resolves.toBeUndefined();
  });

  it('tells the other end why it is closed', async () => {
    const { agent, daemon, agentSide, daemonSide } = bothEnds();
    await agent.hello(IDENTITY);
    await daemon.close(new RpcError('replaced', 'another agent came'));
    await settle();
    expect(agentSide.reasons).toEqual([{ by: 'peer', name: 'replaced', message: 'another agent came' }]);
    expect(daemonSide.reasons).toEqual([{ by: 'us', name: 'replaced', message: 'another agent came' }]);
    await agent.close();
    expect(agentSide.reasons).toHaveLength(1);
  });

  it("takes an agent's bye without a code", async () => {
    const { raw, reasons } = rawDaemon();
    raw.send(HELLO);
    await raw.nextJson();
    raw.send({ method: 'session.bye', params: { reason: 'SIGTERM' } });
    expect(await raw.next()).toEqual({ end: true });
    expect(reasons).toEqual([{ by: 'peer', name: 'shutting-down', message: 'SIGTERM' }]);
  });

  it('rejects open and later calls when the peer goes without a word', async () => {
    const { wire, raw, reasons } = rawDaemon();
    raw.send(HELLO);
    await raw.nextJson();
    const ping = wire.ping();
    raw.stream.destroy();
    await expect(ping).rejects.toMatchObject({ name: 'connection-closed', remote: false });
    await expect(wire.ping()).rejects.toMatchObject({ name: 'connection-closed' });
    wire.notify('selection.release', { selection: 'primary', serial: 1 });
    expect(reasons).toMatchObject([{ by: 'peer', name: 'connection-closed' }]);
  });

  it('may be given a stream that is destroyed already', async () => {
    const [ours] = streamPair();
    ours.destroy();
    const recorded: Recorded = { events: [], reasons: [] };
    const wire = new DaemonWire(ours, daemonHandlers(recorded));
    await wire.close();
    expect(recorded.reasons).toHaveLength(1);
  });

  it('is torn down after a bounded time when the peer does not read the farewell', async () => {
    const timers = new FakeTimers();
    const [ours, theirs] = streamPair();
    const recorded: Recorded = { events: [], reasons: [] };
    const wire = new DaemonWire(ours, daemonHandlers(recorded), { timers });
    const raw = new RawPeer(theirs, { reading: false });
    raw.send(HELLO);
    await settle();
    for (let count = 0; count < 1000; count += 1)
      wire.notify('selection.release', { selection: 'primary', serial: count + 1 });
    const gone = wire.close();
    await settle();
    expect(ours.destroyed).toBe(false);
    timers.advance(1000);
    await gone;
    expect(ours.destroyed).toBe(true);
    expect(timers.running).toBe(0);
  });
});

describe('bad input', () => {
  const LONG_TYPES = Array.from({ length: 65 }, (_, index) => `text/${index}`);

  it.each([
    ['an unknown frame type', [1, 0, 0, 0, 9, 1], 'unknown-frame-type: frame of unknown type 9; known are 0 and 1'],
    [
      'a JSON frame past the limit',
      [1, 0, 16, 0, 0],
      'frame-too-large: JSON frame of 1048577 bytes; the limit is 1048576',
    ],
    [
      'a data frame past the limit',
      [5, 0, 4, 0, 1],
      'frame-too-large: data frame of 262149 bytes; the limit is 262148',
    ],
    ['bytes that are not JSON', [1, 0, 0, 0, 0, 0x7b], 'a JSON frame is not JSON'],
    ['bytes that are not UTF-8', [3, 0, 0, 0, 0, 0x22, 0xff, 0x22], 'a JSON frame is not UTF-8'],
    ['a batch', [2, 0, 0, 0, 0, 0x5b, 0x5d], 'not a JSON-RPC 2.0 message: it is not one object'],
  ])('%s ends the connection, and the peer is told why', async (_what, bytes, reason) => {
    const { raw, wire } = rawDaemon();
    raw.send(HELLO);
    await raw.nextJson();
    raw.stream.write(Buffer.from(bytes));
    expect(await raw.nextJson()).toMatchObject({ method: 'session.end', params: { reason } });
    expect(await raw.next()).toEqual({ end: true });
    expect(wire.closeReason?.by).toBe('us');
  });

  it.each([
    ['too many types', { selection: 'clipboard', types: LONG_TYPES, seen: 0 }, 'types must be at most 64 types'],
    [
      'a type that is too long',
      { selection: 'clipboard', types: ['a'.repeat(256)], seen: 0 },
      'types.0 must be at most 255 bytes',
    ],
    [
      'an unknown selection',
      { selection: 'secondary', types: [], seen: 0 },
      'selection must be "clipboard" or "primary"',
    ],
    ['a missing member', { selection: 'primary', types: [] }, 'seen must be given'],
    ['a mark that is no boolean', { selection: 'primary', types: [], seen: 0, secret: 1 }, 'secret must be boolean'],
    ['no parameters', undefined, 'the parameters must be given'],
  ])('a grab with %s ends the connection: it could not be answered', async (_what, params, problem) => {
    const { raw } = rawDaemon();
    raw.send(HELLO);
    await raw.nextJson();
    raw.send({ method: 'selection.grab', params });
    const reason = `selection.grab: ${problem}`;
    expect(await raw.nextJson()).toMatchObject({
      method: 'session.end',
      params: { code: 7, name: 'protocol-error', reason },
    });
  });

  it('in a call is answered with invalid-params, and the connection goes on', async () => {
    const { raw } = rawDaemon();
    raw.send(HELLO);
    await raw.nextJson();
    raw.send({
      id: 'a',
      method: 'selection.request',
      params: { selection: 'clipboard', type: 'secret\n', transfer: 1 },
    });
    const answer = await raw.nextJson();
    expect(answer).toMatchObject({ id: 'a', error: { code: -32602, message: 'type must be printable ASCII' } });
    raw.send({ id: 'l', method: 'ping', params: [] });
    const message = 'the parameters must be an object';
    expect(await raw.nextJson()).toMatchObject({ id: 'l', error: { code: -32602, message } });
    raw.send({ id: 'b', method: 'ping' });
    expect(await raw.nextJson()).toEqual({ jsonrpc: '2.0', id: 'b', result: {} });
  });

  it('such as an unknown call is answered, an unknown notification is left alone', async () => {
    const { raw } = rawDaemon();
    raw.send(HELLO);
    await raw.nextJson();
    raw.send({ method: 'selection.future', params: {} });
    raw.send({ id: 3, method: '__proto__', params: {} });
    expect(await raw.nextJson()).toMatchObject({ id: 3, error: { code: -32601, data: { name: 'method-not-found' } } });
  });
});

describe('junk', () => {
  const METHODS = [...Object.keys(AGENT_TO_DAEMON), ...Object.keys(DAEMON_TO_AGENT)];
  const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('clipboard', 'text/plain', 0, 1, 2, 300_000));
  const params = fc.record(
    {
      selection: value,
      type: value,
      types: value,
      seen: value,
      transfer: value,
      bytes: value,
      error: value,
      maxBytes: value,
    },
    { requiredKeys: [] },
  );
  const json = fc
    .record(
      { jsonrpc: fc.constant('2.0'), id: value, method: fc.constantFrom(...METHODS), params, result: params },
      { requiredKeys: ['jsonrpc'] },
    )
    .map((message) => encodeJsonFrame(JSON.stringify(message)));
  const data = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
  const frame = fc.oneof({ weight: 5, arbitrary: json }, { weight: 1, arbitrary: data });

  it('of any kind after hello is answered, ignored or ends the connection with a typed reason; nothing else is raised', async () => {
    const run = async (frames: Buffer[]): Promise<void> => {
      const { raw, wire, events, reasons } = rawDaemon({
        'selection.request': ({ type }) => ({ size: type.length, type, content: Buffer.from(type) }),
      });
      raw.send(HELLO);
      await raw.nextJson();
      const asked = wire
        .collect({ selection: 'primary', type: 'x' }, { maxBytes: 10 })
        .catch((error: unknown) => error);
      for (const bytes of frames) if (!raw.stream.writableEnded) raw.stream.write(bytes);
      await settle();
      void wire.close();
      const outcome = await asked;
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(RpcError);
      expect(events.filter((event) => Array.isArray(event) && event[0] === 'internal')).toEqual([]);
      expect(reasons).toHaveLength(1);
      expect(Object.keys(RPC_ERROR_CODES)).toContain(reasons[0]?.name);
      expect(wire.openTransfers).toEqual({ incoming: 0, outgoing: 0 });
    };
    await fc.assert(fc.asyncProperty(fc.array(frame, { maxLength: 12 }), run));
  });
});

describe('a peer that does not read', () => {
  it('loses the connection when notifications pile up past the bound', async () => {
    const [ours, theirs] = streamPair();
    const recorded: Recorded = { events: [], reasons: [] };
    const wire = new DaemonWire(ours, daemonHandlers(recorded), { outgoingBytesMax: 64 * 1024 });
    const raw = new RawPeer(theirs, { reading: false });
    raw.send(HELLO);
    await settle();
    let sent = 0;
    while (wire.closeReason === undefined && sent < 10_000) {
      sent += 1;
      wire.notify('selection.release', { selection: 'primary', serial: sent });
    }
    expect(recorded.reasons).toMatchObject([{ by: 'us', name: 'slow-peer' }]);
    expect(sent * 100).toBeGreaterThan(60_000);
    expect(sent * 100).toBeLessThan(120_000);
    await wire.close();
    expect(ours.destroyed).toBe(true);
  });
});
