import fc from 'fast-check';
import { JSONRPCClient, JSONRPCServer, JSONRPCServerAndClient } from 'json-rpc-2.0';
import { describe, expect, it, vi } from 'vitest';
import { FakeTimers } from '../session/testing.ts';
import type { CancelSignal } from './cancellation.ts';
import { RPC_ERROR_CODES, RpcError } from './errors.ts';
import { type CallContext, type PeerMethod, RpcPeer, type RpcPeerOptions } from './peer.ts';

type Sent = Record<string, unknown> & {
  id?: number;
  method?: string;
  error?: { code: number; message: string; data: { name: string } };
};

function method(
  handle: (params: unknown, context: CallContext) => unknown,
  kind: PeerMethod['kind'] = 'call',
): PeerMethod {
  return { kind, parse: (params) => params, handle };
}

function peerWith(methods: Record<string, PeerMethod> = {}, options: Partial<RpcPeerOptions> = {}) {
  const sent: Sent[] = [];
  const faults: RpcError[] = [];
  const internal: unknown[] = [];
  const peer = new RpcPeer({
    send: (message) => sent.push(message as Sent),
    methods: new Map(Object.entries(methods)),
    fault: (error) => faults.push(error),
    internalError: (error) => internal.push(error),
    ...options,
  });
  return { peer, sent, faults, internal };
}

async function answerTo(handle: (params: unknown, context: CallContext) => unknown) {
  const { peer, sent, internal } = peerWith({ m: method(handle) });
  peer.receive({ jsonrpc: '2.0', id: 1, method: 'm' });
  await vi.waitFor(() => expect(sent).toHaveLength(1));
  return { answer: sent[0], internal };
}

describe('a handler', () => {
  it('that throws an RpcError is answered with its code and name', async () => {
    const expected = { code: 20, message: 'nobody', data: { name: 'no-owner' } };
    const throwing = await answerTo(() => {
      throw new RpcError('no-owner', 'nobody');
    });
    const rejecting = await answerTo(() => Promise.reject(new RpcError('no-owner', 'nobody')));
    expect([throwing.answer?.error, rejecting.answer?.error]).toEqual([expected, expected]);
    expect(throwing.internal).toEqual([]);
  });

  it('that throws an RpcError with details is answered with them', async () => {
    const { answer } = await answerTo(() => {
      throw new RpcError('invalid-config', 'two problems', { details: ['a:1: this', 'a:2: that'] });
    });
    expect(answer?.error?.data).toEqual({ name: 'invalid-config', details: ['a:1: this', 'a:2: that'] });
  });

  it('that fails otherwise is answered with internal, without its message; our own log gets it', async () => {
    const warn = vi.spyOn(console, 'warn');
    const failure = new Error('/home/alice/secret');
    for (const handle of [
      () => Promise.reject(failure),
      () => {
        throw failure;
      },
    ]) {
      const { answer, internal } = await answerTo(handle);
      expect(answer?.error).toEqual({ code: 41, message: 'internal error', data: { name: 'internal' } });
      expect(internal).toEqual([failure]);
    }
    expect(warn).not.toHaveBeenCalled();
  });

  it('that returns nothing is answered with null', async () => {
    expect((await answerTo(() => undefined)).answer).toEqual({ jsonrpc: '2.0', id: 1, result: null });
  });

  it('is started in the order of the messages, synchronously', () => {
    const started: unknown[] = [];
    const { peer } = peerWith({
      m: method((params) => started.push(params)),
      n: method((params) => started.push(params), 'notification'),
    });
    peer.receive({ jsonrpc: '2.0', id: 1, method: 'm', params: ['a'] });
    peer.receive({ jsonrpc: '2.0', method: 'n', params: ['b'] });
    expect(started).toEqual([['a'], ['b']]);
  });

  it('of a notification that fails is reported and answered by nothing', async () => {
    const { peer, sent, internal } = peerWith({ n: method(() => Promise.reject(new Error('x')), 'notification') });
    peer.receive({ jsonrpc: '2.0', method: 'n' });
    await vi.waitFor(() => expect(internal).toHaveLength(1));
    expect(sent).toEqual([]);
  });

  it('may go on after its answer has been sent', async () => {
    const order: string[] = [];
    const { peer } = peerWith(
      { m: method((_params, context) => context.afterAnswer((error) => order.push(`after ${error?.data.name}`))) },
      { send: () => order.push('sent') },
    );
    peer.receive({ jsonrpc: '2.0', id: 1, method: 'm' });
    await vi.waitFor(() => expect(order).toEqual(['sent', 'after undefined']));
  });

  it('whose answer cannot be sent is answered with internal', async () => {
    const sent: Sent[] = [];
    const { peer, internal } = peerWith(
      { m: method(() => 'big') },
      {
        send: (message) => {
          if ('result' in message) throw new Error('too large');
          sent.push(message as Sent);
        },
      },
    );
    peer.receive({ jsonrpc: '2.0', id: 1, method: 'm' });
    await vi.waitFor(() => expect(sent).toMatchObject([{ id: 1, error: { code: 41 } }]));
    expect(internal).toHaveLength(1);
  });

  it('sees its signal aborted when the connection ends, and is not answered', async () => {
    let signal: CancelSignal | undefined;
    let finish: (() => void) | undefined;
    const { peer, sent } = peerWith({
      m: method((_params, context) => {
        signal = context.signal;
        return new Promise<void>((resolve) => (finish = resolve));
      }),
    });
    peer.receive({ jsonrpc: '2.0', id: 1, method: 'm' });
    peer.close(new RpcError('connection-closed', 'gone'));
    expect(signal?.reason).toMatchObject({ name: 'connection-closed' });
    finish?.();
    await new Promise(setImmediate);
    expect(sent).toEqual([]);
  });
});

describe('a request', () => {
  it('for an unknown method is answered with method-not-found', async () => {
    const { peer, sent } = peerWith();
    peer.receive({ jsonrpc: '2.0', id: 'x', method: 'constructor' });
    await vi.waitFor(() =>
      expect(sent).toMatchObject([{ id: 'x', error: { code: -32601, data: { name: 'method-not-found' } } }]),
    );
  });

  it('past the number of pending calls is answered with limit-exceeded, and the others go on', async () => {
    const finish: (() => void)[] = [];
    const { peer, sent } = peerWith(
      { m: method(() => new Promise<void>((resolve) => finish.push(resolve))) },
      { pendingCallsMax: 2 },
    );
    for (const id of [1, 2, 3]) peer.receive({ jsonrpc: '2.0', id, method: 'm' });
    expect(sent).toMatchObject([{ id: 3, error: { code: 40 } }]);
    for (const each of finish) each();
    await vi.waitFor(() => expect(sent).toHaveLength(3));
    peer.receive({ jsonrpc: '2.0', id: 4, method: 'm' });
    expect(finish).toHaveLength(3);
  });

  it('that is a call without an id is a fault of the connection', () => {
    const handle = vi.fn();
    const { peer, faults } = peerWith({ m: method(handle) });
    peer.receive({ jsonrpc: '2.0', method: 'm' });
    expect(faults).toMatchObject([{ name: 'protocol-error' }]);
    expect(handle).not.toHaveBeenCalled();
  });

  it('whose parameters are wrong is answered; a notification is a fault of the connection', async () => {
    const parse = () => {
      throw new RpcError('invalid-params', 'x must be given');
    };
    const { peer, sent, faults } = peerWith({
      m: { kind: 'call', parse, handle: () => 1 },
      n: { kind: 'notification', parse, handle: () => 1 },
    });
    peer.receive({ jsonrpc: '2.0', id: 1, method: 'm' });
    peer.receive({ jsonrpc: '2.0', method: 'n' });
    await vi.waitFor(() =>
      expect(sent).toMatchObject([{ id: 1, error: { code: -32602, message: 'x must be given' } }]),
    );
    expect(faults).toMatchObject([{ name: 'protocol-error', message: 'n: x must be given' }]);
  });
});

describe('a call', () => {
  it('resolves with the result, null and all', async () => {
    const { peer, sent } = peerWith();
    const call = peer.call('m', { a: 1 });
    expect(sent).toEqual([{ jsonrpc: '2.0', id: 1, method: 'm', params: { a: 1 } }]);
    peer.receive({ jsonrpc: '2.0', id: 1, result: null, error: null });
    await expect(call).resolves.toBeNull();
  });

  it.each([
    [
      { code: 21, message: 'no\u001b[31m', data: { name: 'x' } },
      { name: 'owner-refused', code: 21, message: 'no [31m', remote: true },
    ],
    [
      { code: 62, message: 'bad', data: { name: 'x', details: ['one\ntwo', 3, 'y'.repeat(1000)] } },
      { name: 'invalid-config', details: ['one two', 'y'.repeat(500)] },
    ],
    [{ code: 62, message: 'bad', data: { details: Array(1000).fill('x') } }, { details: Array(100).fill('x') }],
    [{ code: 62, message: 'bad', data: { details: 'x' } }, { details: [] }],
    [
      { code: -32603, message: 'oops' },
      { name: 'internal', remote: true },
    ],
    [
      { code: 9999, message: 'new' },
      { name: 'internal', message: 'error with unknown code 9999: new', remote: true },
    ],
    [{ code: 'x' }, { name: 'internal', message: 'error with unknown code none: the peer gave no message' }],
    [{ code: 0, message: 'y'.repeat(10_000) }, { name: 'internal' }],
  ])('rejects with the error of the peer: %j', async (error, expected) => {
    const { peer } = peerWith();
    const call = peer.call('m', {});
    peer.receive({ jsonrpc: '2.0', id: 1, error });
    await expect(call).rejects.toBeInstanceOf(RpcError);
    await expect(call).rejects.toMatchObject(expected);
    await expect(call.catch((caught: Error) => caught.message.length)).resolves.toBeLessThanOrEqual(500);
  });

  it('shows its result before anything else is looked at', () => {
    const { peer } = peerWith();
    const seen: unknown[] = [];
    void peer.call('m', {}, { onResult: (result) => seen.push(result) });
    peer.receive({ jsonrpc: '2.0', id: 1, result: 5 });
    expect(seen).toEqual([5]);
  });

  it('times out with a code of ours, leaves no timer behind, and a late answer is forgotten', async () => {
    const timers = new FakeTimers();
    const { peer } = peerWith({}, { timers });
    const late = peer.call('m', {}, { timeoutMs: 100 });
    const inTime = peer.call('m', {}, { timeoutMs: 100 });
    peer.receive({ jsonrpc: '2.0', id: 2, result: 'yes' });
    timers.advance(100);
    await expect(late).rejects.toMatchObject({ name: 'timed-out', code: 25, remote: false });
    await expect(inTime).resolves.toBe('yes');
    peer.receive({ jsonrpc: '2.0', id: 1, result: 'too late' });
    expect(timers.running).toBe(0);
    expect(peer.pendingCalls).toBe(0);
  });

  it('can be given up by a signal, before and after it was made', async () => {
    const { peer, sent } = peerWith();
    await expect(peer.call('m', {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'cancelled' });
    expect(sent).toEqual([]);
    const controller = new AbortController();
    const call = peer.call('m', {}, { signal: controller.signal });
    controller.abort(new RpcError('too-large', 'x'));
    await expect(call).rejects.toMatchObject({ name: 'too-large' });
    expect(peer.pendingCalls).toBe(0);
  });

  it('past the number of pending calls is refused here', async () => {
    const { peer, sent } = peerWith({}, { pendingCallsMax: 1 });
    const first = peer.call('m', {});
    await expect(peer.call('m', {})).rejects.toMatchObject({ name: 'limit-exceeded', remote: false });
    expect(sent).toHaveLength(1);
    peer.receive({ jsonrpc: '2.0', id: 1, result: 1 });
    await first;
  });

  it('rejects when it cannot be sent', async () => {
    const { peer } = peerWith(
      {},
      {
        send: () => {
          throw new Error('too large');
        },
      },
    );
    await expect(peer.call('m', {})).rejects.toMatchObject({
      name: 'internal',
      message: 'the call of m could not be sent',
    });
    expect(peer.pendingCalls).toBe(0);
    expect(() => peer.notify('n', {})).toThrow('too large');
  });

  it('is rejected when the connection ends, and so is a later one', async () => {
    const timers = new FakeTimers();
    const { peer } = peerWith({}, { timers });
    const call = peer.call('m', {});
    peer.close(new RpcError('connection-closed', 'gone'));
    await expect(call).rejects.toMatchObject({ name: 'connection-closed' });
    await expect(peer.call('m', {})).rejects.toMatchObject({ name: 'connection-closed' });
    expect(timers.running).toBe(0);
  });
});

describe('junk', () => {
  it.each([
    [5],
    [null],
    ['x'],
    [[]],
    [{}],
    [{ jsonrpc: '1.0', method: 'm' }],
    [{ jsonrpc: '2.0', method: 5 }],
    [{ jsonrpc: '2.0', method: 'm', id: null }],
    [{ jsonrpc: '2.0', method: 'm', id: 1.5 }],
    [{ jsonrpc: '2.0', method: 'm', id: {} }],
    [{ jsonrpc: '2.0', method: 'm', result: 1 }],
    [{ jsonrpc: '2.0', id: 1 }],
    [{ jsonrpc: '2.0', id: 1, error: 5 }],
    [{ jsonrpc: '2.0', id: 1, result: 1, error: { code: 1 } }],
    [{ jsonrpc: '2.0', id: null, result: 1 }],
  ])('%j is a protocol error', (message) => {
    const { peer } = peerWith();
    expect(() => peer.receive(message)).toThrow(expect.objectContaining({ name: 'protocol-error' }));
  });

  it('of any kind raises nothing but RpcError', async () => {
    const { peer } = peerWith({ m: method((params) => params) });
    const call = peer.call('m', {}).catch((error: unknown) => error);
    const member = fc.oneof(fc.jsonValue(), fc.constantFrom('2.0', 'm', 1, null));
    const message = fc.record(
      { jsonrpc: fc.constant('2.0'), id: member, method: member, params: member, result: member, error: member },
      { requiredKeys: ['jsonrpc'] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), message), (value) => {
        try {
          peer.receive(value);
        } catch (error) {
          expect(error).toBeInstanceOf(RpcError);
        }
      }),
    );
    peer.close(new RpcError('connection-closed', 'done'));
    await call;
  });

  it('such as an answer to no call is forgotten, an error without an id is a fault', () => {
    const { peer, faults } = peerWith();
    peer.receive({ jsonrpc: '2.0', id: 77, result: 1 });
    peer.receive({ jsonrpc: '2.0', id: '1', result: 1 });
    expect(faults).toEqual([]);
    peer.receive({ jsonrpc: '2.0', id: null, error: { code: -32700, message: 'Parse error' } });
    expect(faults).toMatchObject([{ name: 'protocol-error' }]);
  });
});

describe('the table of errors', () => {
  it('gives every name a code of its own, outside the range that JSON-RPC reserves or defined by it', () => {
    const codes = Object.values(RPC_ERROR_CODES);
    expect(new Set(codes).size).toBe(codes.length);
    const reserved = codes.filter((code) => code >= -32768 && code <= -32000);
    expect(reserved).toEqual([-32700, -32600, -32601, -32602]);
  });
});

describe('the other end, made of the library’s client and server,', () => {
  /** Both in one process: what either sends the other receives. */
  function joined(methods: Record<string, PeerMethod>) {
    const library = new JSONRPCServerAndClient(
      new JSONRPCServer({ errorListener: () => undefined }),
      new JSONRPCClient((message: object) => ours.peer.receive(JSON.parse(JSON.stringify(message)))),
    );
    const ours = peerWith(methods, {
      send: (message) => void library.receiveAndSend(JSON.parse(JSON.stringify(message))),
    });
    return { ours: ours.peer, library };
  }

  it('calls and notifies us, and understands our answers and errors', async () => {
    const noted: unknown[] = [];
    const { library } = joined({
      add: method((params) => (params as { a: number; b: number }).a + (params as { b: number }).b),
      refuse: method(() => Promise.reject(new RpcError('no-owner', 'nobody'))),
      note: method((params) => noted.push(params), 'notification'),
    });
    library.notify('note', { text: 'noted' });
    expect(await library.request('add', { a: 2, b: 3 })).toBe(5);
    await expect(library.request('refuse', {})).rejects.toMatchObject({ message: 'nobody', code: 20 });
    await expect(library.request('unknown', {})).rejects.toMatchObject({ code: -32601 });
    expect(noted).toEqual([{ text: 'noted' }]);
  });

  it('is called and notified by us, and its answers and errors are understood', async () => {
    const { ours, library } = joined({});
    const noted: unknown[] = [];
    library.addMethod('twice', ({ of }: { of: string }) => of + of);
    library.addMethod('note', (params: unknown) => void noted.push(params));
    library.addMethod('fail', () => Promise.reject(new Error('broken')));
    ours.notify('note', { text: 'noted' });
    expect(await ours.call('twice', { of: 'ab' })).toBe('abab');
    await expect(ours.call('fail', {})).rejects.toBeInstanceOf(RpcError);
    await expect(ours.call('unknown', {})).rejects.toMatchObject({ name: 'method-not-found' });
    expect(noted).toEqual([{ text: 'noted' }]);
  });
});
