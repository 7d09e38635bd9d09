import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { type CancelSignal, RpcError } from '../../peer/index.ts';
import { type AgentHandlers, AgentWire } from '../agent-wire.ts';
import { DaemonWire } from '../daemon-wire.ts';
import { TRANSFER_WINDOW_BYTES } from '../limits.ts';
import { FakeTimers, RawPeer, settle, streamPair } from '../testing.ts';
import type { WireOptions } from '../wire-types.ts';
import type { ContentHandler } from './outgoing.ts';
import { PieceQueue } from './piece-queue.ts';

const IDENTITY = { agent: { name: 'test', version: '1' }, display: ':0', session: null };
const TEXT = { selection: 'clipboard', type: 'text/plain;charset=utf-8' } as const;
const KIB = 1024;
const MIB = 1024 * KIB;

/** An agent's wire whose other end is written by hand. */
function rawAgent(handler: ContentHandler = noOwner, options: WireOptions & { reading?: boolean } = {}) {
  const timers = new FakeTimers();
  const [ours, theirs] = streamPair();
  const internal: unknown[] = [];
  const handlers: AgentHandlers = {
    'selection.grab': () => undefined,
    'selection.release': () => undefined,
    'paste.cut-short': () => undefined,
    'selection.request': handler,
    internalError: (error) => internal.push(error),
  };
  const wire = new AgentWire(ours, handlers, { timers, ...options });
  return { wire, raw: new RawPeer(theirs, options), timers, internal };
}

/** Two wires, both of which answer requests with `handler`. */
async function twoWires(handler: ContentHandler, options: WireOptions = {}) {
  const [left, right] = streamPair();
  const ignore = {
    'selection.grab': () => undefined,
    'selection.release': () => undefined,
    'paste.cut-short': () => undefined,
    'selection.request': handler,
  };
  const daemon = new DaemonWire(
    left,
    { ...ignore, 'session.hello': () => ({ session: 1, daemon: { version: '0' } }) },
    options,
  );
  const agent = new AgentWire(right, ignore, options);
  await agent.hello(IDENTITY);
  return { daemon, agent };
}

function noOwner(): never {
  throw new RpcError('no-owner', 'nobody');
}

function ask(id: number, transfer: number, more: object = {}): object {
  return { id, method: 'selection.request', params: { ...TEXT, transfer, ...more } };
}

function pattern(bytes: number, seed = 0): Buffer {
  const content = Buffer.alloc(bytes);
  for (let index = 0; index < bytes; index += 1) content[index] = (index * 31 + (index >> 8) + seed) & 0xff;
  return content;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function read(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('content crosses', () => {
  const big = pattern(5 * MIB + 17);
  it.each<[string, () => AsyncIterable<Uint8Array> | Uint8Array]>([
    ['as bytes', () => big],
    [
      'from a generator',
      async function* () {
        for (let start = 0; start < big.length; start += 700_001) yield big.subarray(start, start + 700_001);
      },
    ],
    [
      'from a queue in pieces of 1 KiB',
      () => {
        const queue = new PieceQueue();
        void (async () => {
          for (let start = 0; start < big.length; start += KIB)
            if (!queue.write(big.subarray(start, start + KIB))) await queue.drained();
          queue.end();
        })();
        return queue;
      },
    ],
  ])('%s, both ways', async (_what, content) => {
    const { daemon, agent } = await twoWires(() => ({ size: big.length, type: 'image/png', content: content() }));
    for (const wire of [daemon, agent]) {
      const { type, bytes } = await wire.collect(TEXT, { maxBytes: big.length });
      expect(type).toBe('image/png');
      expect(sha256(bytes)).toBe(sha256(big));
    }
    expect([daemon.openTransfers, agent.openTransfers]).toEqual(Array(2).fill({ incoming: 0, outgoing: 0 }));
  });

  it('when it is empty, without a frame', async () => {
    const { raw, wire } = rawAgent(() => ({ size: 0, type: TEXT.type, content: Buffer.alloc(0) }));
    raw.send(ask(1, 5));
    expect(await raw.next()).toEqual({ json: { jsonrpc: '2.0', id: 1, result: { size: 0, type: TEXT.type } } });
    raw.send({ id: 2, method: 'ping' });
    expect(await raw.next()).toMatchObject({ json: { id: 2 } });
    expect(wire.openTransfers.outgoing).toBe(0);
    const { daemon } = await twoWires(() => ({ size: 0, type: TEXT.type, content: Buffer.alloc(0) }));
    expect((await daemon.collect(TEXT, { maxBytes: 0 })).bytes).toHaveLength(0);
  });

  it('when its frames come in the same read as the answer', async () => {
    const { raw, wire } = rawAgent();
    const content = wire.collect(TEXT, { maxBytes: 100 });
    const { id, params } = await raw.nextJson();
    expect(params).toEqual({ ...TEXT, transfer: 1, maxBytes: 100 });
    raw.together({ id, result: { size: 6, type: 'text/plain' } }, [1, Buffer.from('abc')], [1, Buffer.from('def')]);
    expect((await content).bytes.toString()).toBe('abcdef');
  });

  it('in several transfers at once, a frame of each in turn', async () => {
    const size = 2 * MIB;
    const { raw } = rawAgent(() => ({ size, type: 'image/png', content: pattern(size) }));
    raw.together(ask(1, 1), ask(2, 2));
    const order: number[] = [];
    while (order.length < 16) {
      const received = await raw.next();
      if ('transfer' in received) order.push(received.transfer);
    }
    // The first has a start of the frames that the socket takes at once, and so the second sends the last ones alone.
    const middle = order.slice(2, 12);
    expect(middle).toEqual(middle.map((_transfer, turn) => (turn % 2 === 0 ? 1 : 2)));
    for (const transfer of [1, 2])
      expect(sha256(raw.content.get(transfer) ?? Buffer.alloc(0))).toBe(sha256(pattern(size)));
  });

  it('in sixteen transfers each way at once, and each gets its own', async () => {
    let asked = 0;
    const { daemon, agent } = await twoWires(() => {
      asked += 1;
      return { size: 300_000 + asked, type: `image/${asked}`, content: pattern(300_000 + asked, asked) };
    });
    const all = [daemon, agent].flatMap((wire) =>
      Array.from({ length: 16 }, () => wire.collect(TEXT, { maxBytes: MIB })),
    );
    for (const { type, bytes } of await Promise.all(all)) {
      const number = Number(type.slice('image/'.length));
      expect(sha256(bytes)).toBe(sha256(pattern(300_000 + number, number)));
    }
    expect(asked).toBe(32);
  });

  it('in few frames when a queue is written in small pieces at once', async () => {
    const queue = new PieceQueue();
    const { raw } = rawAgent(() => ({ size: 200 * KIB, type: 'image/png', content: queue }));
    raw.send(ask(1, 1));
    await raw.nextJson();
    for (let count = 0; count < 200; count += 1) queue.write(Buffer.alloc(KIB, count));
    queue.end();
    expect(await raw.next()).toEqual({ transfer: 1, bytes: 200 * KIB });
  });
});

describe('flow control', () => {
  it('lets a sender send one window, and then what it is credited', async () => {
    const size = TRANSFER_WINDOW_BYTES + MIB;
    const { raw, timers } = rawAgent(() => ({ size, type: 'image/png', content: pattern(size) }));
    raw.send(ask(1, 9));
    await settle();
    expect(raw.content.get(9)).toHaveLength(TRANSFER_WINDOW_BYTES);
    raw.send({ method: 'transfer.credit', params: { transfer: 9, bytes: 1000 } });
    await settle();
    expect(raw.content.get(9)).toHaveLength(TRANSFER_WINDOW_BYTES + 1000);
    raw.send({ method: 'transfer.credit', params: { transfer: 9, bytes: 5 * MIB } });
    await settle();
    expect(sha256(raw.content.get(9) ?? Buffer.alloc(0))).toBe(sha256(pattern(size)));
    expect(timers.running).toBe(0);
  });

  it('bounds what a reader that reads nothing must hold, and blocks no call meanwhile', async () => {
    const size = 16 * MIB;
    let yielded = 0;
    const { daemon } = await twoWires(() => ({
      size,
      type: 'image/png',
      content: (async function* () {
        for (; yielded < size; yielded += MIB) yield Buffer.alloc(MIB);
      })(),
    }));
    const { content } = await daemon.request(TEXT, { maxBytes: size });
    await settle();
    await expect(daemon.ping()).resolves.toBeUndefined();
    expect(yielded).toBeLessThanOrEqual(TRANSFER_WINDOW_BYTES + MIB);
    expect(await read(content)).toHaveLength(size);
  });

  it('gives credit in few steps, and none past the end', async () => {
    const { raw, wire } = rawAgent();
    const size = 3 * MIB;
    const content = wire.collect(TEXT, { maxBytes: size });
    const { id } = await raw.nextJson();
    raw.send({ id, result: { size, type: 'x' } });
    for (let sent = 0; sent < 2 * MIB; sent += 256 * KIB) raw.data(1, Buffer.alloc(256 * KIB));
    let credit = 0;
    let steps = 0;
    while (credit < MIB) {
      const { method, params } = (await raw.nextJson()) as {
        method: string;
        params: { transfer: number; bytes: number };
      };
      expect([method, params.transfer]).toEqual(['transfer.credit', 1]);
      credit += params.bytes;
      steps += 1;
    }
    for (let sent = 0; sent < MIB; sent += 256 * KIB) raw.data(1, Buffer.alloc(256 * KIB));
    expect((await content).bytes).toHaveLength(size);
    expect(steps).toBeLessThanOrEqual(2);
    raw.send({ id: 99, method: 'ping' });
    expect(await raw.nextJson()).toMatchObject({ id: 99 });
  });

  it('loses a transfer for which no credit comes in time, and nothing else', async () => {
    const returned = vi.fn();
    let signal: CancelSignal | undefined;
    const size = 8 * MIB;
    const { raw, timers, wire } = rawAgent((_question, context) => {
      signal = context.signal;
      return {
        size,
        type: 'image/png',
        content: (async function* () {
          try {
            for (;;) yield Buffer.alloc(MIB);
          } finally {
            returned();
          }
        })(),
      };
    });
    raw.send(ask(1, 3));
    await settle();
    expect(timers.running).toBe(1);
    timers.advance(4_999);
    expect(returned).not.toHaveBeenCalled();
    timers.advance(1);
    const error = { code: 25, name: 'timed-out', message: 'no credit was given in time' };
    expect(await raw.nextJson()).toMatchObject({ id: 1 });
    expect(await raw.nextJson()).toMatchObject({ method: 'transfer.abort', params: { transfer: 3, error } });
    await vi.waitFor(() => expect(returned).toHaveBeenCalledOnce());
    expect(signal?.reason).toMatchObject({ name: 'timed-out' });
    expect([timers.running, wire.openTransfers.outgoing, wire.closeReason]).toEqual([0, 0, undefined]);
  });

  it('loses the transfers of a peer that reads nothing at all, holding no more than the socket does', async () => {
    const queue = new PieceQueue({ onCancel: () => undefined });
    const { raw, timers, wire } = rawAgent(() => ({ size: MIB, type: 'image/png', content: queue }), {
      reading: false,
    });
    raw.send(ask(1, 3));
    await settle();
    for (let count = 0; count < 4; count += 1) queue.write(Buffer.alloc(256 * KIB));
    queue.end();
    await settle();
    expect(queue.available).toBeGreaterThanOrEqual(256 * KIB);
    timers.advance(5_000);
    expect([queue.cancelled, queue.available, wire.openTransfers.outgoing]).toEqual([true, 0, 0]);
    raw.read();
    expect(await raw.nextJson()).toMatchObject({ id: 1 });
    expect(await raw.nextJson()).toMatchObject({ method: 'transfer.abort', params: { transfer: 3 } });
    expect(timers.running).toBe(0);
  });
});

describe('a sender', () => {
  it.each<[string, number, () => AsyncIterable<Uint8Array> | Uint8Array]>([
    ['fewer', 10, () => generate('abc')],
    ['fewer, namely none', 10, () => generate()],
    ['more', 5, () => generate('abc', 'def')],
    ['more, in a piece of their own', 6, () => generate('abc', 'def', 'g')],
  ])('whose content has %s bytes than announced aborts with internal', async (_what, size, content) => {
    const { raw, internal, wire } = rawAgent(() => ({ size, type: 'x', content: content() }));
    raw.send(ask(1, 1));
    expect(await raw.nextJson()).toMatchObject({ result: { size } });
    expect(await raw.nextJson()).toMatchObject({
      method: 'transfer.abort',
      params: { transfer: 1, error: { code: 41, name: 'internal' } },
    });
    expect(raw.content.get(1)?.length ?? 0).toBeLessThan(size);
    expect(internal).toHaveLength(1);
    expect(wire.openTransfers.outgoing).toBe(0);
  });

  it.each([
    ['a size that its bytes do not have', { size: 4, type: 'x', content: Buffer.from('abc') }],
    ['an impossible size', { size: -1, type: 'x', content: Buffer.alloc(0) }],
  ])('with %s is answered with internal', async (_what, answer) => {
    const { raw, internal } = rawAgent(() => answer);
    raw.send(ask(1, 1));
    expect(await raw.nextJson()).toMatchObject({ id: 1, error: { code: 41 } });
    expect(internal).toHaveLength(1);
  });

  it.each([
    [new RpcError('owner-died', 'the owner exited'), { code: 22, name: 'owner-died', message: 'the owner exited' }],
    [new Error('/secret'), { code: 41, name: 'internal', message: 'the content could not be read' }],
  ])('whose content fails with %s aborts', async (failure, error) => {
    const { raw } = rawAgent(() => ({
      size: 10,
      type: 'x',
      content: (async function* () {
        yield Buffer.from('abc');
        throw failure;
      })(),
    }));
    raw.send(ask(1, 1));
    expect(await raw.nextJson()).toMatchObject({ id: 1 });
    expect(await raw.nextJson()).toMatchObject({ method: 'transfer.abort', params: { transfer: 1, error } });
  });

  it('refuses content larger than the asker takes, and lets go of it', async () => {
    const queue = new PieceQueue();
    const { raw, wire } = rawAgent(() => ({ size: 11, type: 'x', content: queue }));
    raw.send(ask(1, 1, { maxBytes: 10 }));
    expect(await raw.nextJson()).toMatchObject({ id: 1, error: { code: 24, data: { name: 'too-large' } } });
    expect([queue.cancelled, wire.openTransfers.outgoing]).toEqual([true, 0]);
  });

  it('refuses an id that is open, and transfers past the limit; both can be had again later', async () => {
    const finish: (() => void)[] = [];
    const { raw } = rawAgent(
      () => new Promise((_resolve, reject) => finish.push(() => reject(new RpcError('owner-refused', 'no')))),
      { openTransfersMax: 2 },
    );
    raw.together(ask(1, 1), ask(2, 1), ask(3, 2), ask(4, 3));
    expect(await raw.nextJson()).toMatchObject({ id: 2, error: { code: -32602 } });
    expect(await raw.nextJson()).toMatchObject({ id: 4, error: { code: 40 } });
    for (const each of finish) each();
    expect(await raw.nextJson()).toMatchObject({ id: 1, error: { code: 21 } });
    expect(await raw.nextJson()).toMatchObject({ id: 3, error: { code: 21 } });
    raw.send(ask(5, 1));
    await settle();
    expect(finish).toHaveLength(3);
  });

  it('ignores credit, cancel and abort for transfers that are over', async () => {
    const { raw, wire } = rawAgent();
    for (const name of ['transfer.credit', 'transfer.cancel', 'transfer.abort']) {
      raw.send({ method: name, params: { transfer: 8, bytes: 1, reason: '', error: { code: 41, message: '' } } });
    }
    raw.send({ id: 1, method: 'ping' });
    expect(await raw.nextJson()).toMatchObject({ id: 1, result: {} });
    expect(wire.closeReason).toBeUndefined();
  });
});

describe('cancelling', () => {
  it('while the answer is awaited rejects at once, and the owner is told and answers cancelled', async () => {
    const { wire, raw } = rawAgent();
    const controller = new AbortController();
    const content = wire.collect(TEXT, { maxBytes: 10, signal: controller.signal });
    const { id } = await raw.nextJson();
    controller.abort();
    await expect(content).rejects.toMatchObject({ name: 'cancelled', remote: false });
    expect(await raw.nextJson()).toMatchObject({ method: 'transfer.cancel', params: { transfer: 1 } });
    // The answer and its data had crossed the cancel: nobody minds.
    raw.together({ id, result: { size: 3, type: 'x' } }, [1, Buffer.from('abc')]);
    raw.send({ id: 9, method: 'ping' });
    expect(await raw.nextJson()).toMatchObject({ id: 9 });
    expect(wire.openTransfers.incoming).toBe(0);
  });

  it('aborts the signal of a handler that is still busy; what it brings later is let go', async () => {
    const queue = new PieceQueue();
    let signal: CancelSignal | undefined;
    let bring: (() => void) | undefined;
    const { raw, wire } = rawAgent((_question, context) => {
      signal = context.signal;
      return new Promise((resolve) => (bring = () => resolve({ size: 5, type: 'x', content: queue })));
    });
    raw.send(ask(1, 4));
    await settle();
    raw.send({ method: 'transfer.cancel', params: { transfer: 4, reason: 'the window was closed' } });
    expect(await raw.nextJson()).toMatchObject({ id: 1, error: { code: 26, data: { name: 'cancelled' } } });
    expect(signal?.reason).toMatchObject({ name: 'cancelled', message: 'the window was closed', remote: true });
    bring?.();
    await settle();
    expect([queue.cancelled, wire.openTransfers.outgoing]).toEqual([true, 0]);
  });

  it('in the same read as the request is seen as well', async () => {
    const { raw } = rawAgent(() => new Promise(() => undefined));
    raw.together(ask(1, 4), { method: 'transfer.cancel', params: { transfer: 4, reason: 'x' } });
    expect(await raw.nextJson()).toMatchObject({ id: 1, error: { code: 26 } });
  });

  it('while content is coming stops the sender and its source', async () => {
    const size = 64 * MIB;
    let yielded = 0;
    const returned = vi.fn();
    const { daemon, agent } = await twoWires(() => ({
      size,
      type: 'x',
      content: (async function* () {
        try {
          for (; yielded < size; yielded += MIB) yield Buffer.alloc(MIB);
        } finally {
          returned();
        }
      })(),
    }));
    const { content } = await daemon.request(TEXT, { maxBytes: size });
    for await (const _piece of content) break;
    await vi.waitFor(() => expect(returned).toHaveBeenCalledOnce());
    expect(yielded).toBeLessThan(size);
    expect([daemon.openTransfers.incoming, agent.openTransfers.outgoing]).toEqual([0, 0]);
    await expect(daemon.ping()).resolves.toBeUndefined();
  });

  it('by the signal while content is coming makes the reader throw', async () => {
    const { wire, raw } = rawAgent();
    const controller = new AbortController();
    const content = wire.collect(TEXT, { maxBytes: 10, signal: controller.signal });
    const { id } = await raw.nextJson();
    raw.together({ id, result: { size: 6, type: 'x' } }, [1, Buffer.from('abc')]);
    await settle();
    controller.abort(new RpcError('shutting-down', 'bye'));
    await expect(content).rejects.toMatchObject({ name: 'shutting-down' });
    expect(await raw.nextJson()).toMatchObject({ method: 'transfer.cancel', params: { transfer: 1, reason: 'bye' } });
  });

  it('before asking sends nothing; after the end does nothing', async () => {
    const { wire, raw } = rawAgent();
    await expect(wire.request(TEXT, { maxBytes: 10, signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'cancelled',
    });
    const controller = new AbortController();
    const content = wire.collect(TEXT, { maxBytes: 10, signal: controller.signal });
    const { id, params } = await raw.nextJson();
    expect(params).toMatchObject({ transfer: 1 });
    raw.together({ id, result: { size: 3, type: 'x' } }, [1, Buffer.from('abc')]);
    await content;
    controller.abort();
    raw.send({ id: 9, method: 'ping' });
    expect(await raw.nextJson()).toMatchObject({ id: 9 });
  });
});

describe('an asker', () => {
  it('rejects with the error of the owner', async () => {
    const { daemon } = await twoWires(noOwner);
    await expect(daemon.collect(TEXT, { maxBytes: 1 })).rejects.toMatchObject({ name: 'no-owner', remote: true });
    expect(daemon.openTransfers.incoming).toBe(0);
  });

  it('refuses content announced as larger than it takes, also if its frames are there already', async () => {
    const { wire, raw } = rawAgent();
    const content = wire.collect(TEXT, { maxBytes: 2 });
    const { id } = await raw.nextJson();
    raw.together({ id, result: { size: 3, type: 'x' } }, [1, Buffer.from('abc')]);
    await expect(content).rejects.toMatchObject({ name: 'too-large' });
    expect(await raw.nextJson()).toMatchObject({ method: 'transfer.cancel', params: { transfer: 1 } });
    expect([wire.closeReason, wire.openTransfers.incoming]).toEqual([undefined, 0]);
  });

  it.each([[{ size: -1, type: 'x' }], [{ size: 1.5, type: 'x' }], [{ size: 1 }], [null], [[]]])(
    'refuses the malformed answer %j',
    async (result) => {
      const { wire, raw } = rawAgent();
      const content = wire.collect(TEXT, { maxBytes: 2 });
      const { id } = await raw.nextJson();
      raw.send({ id, result });
      await expect(content).rejects.toMatchObject({ name: 'protocol-error' });
      expect(await raw.nextJson()).toMatchObject({ method: 'transfer.cancel' });
    },
  );

  it('stops waiting for an answer in time', async () => {
    const { wire, raw, timers } = rawAgent();
    const content = wire.collect(TEXT, { maxBytes: 2, answerTimeoutMs: 50 });
    await raw.nextJson();
    timers.advance(50);
    await expect(content).rejects.toMatchObject({ name: 'timed-out' });
    expect(await raw.nextJson()).toMatchObject({ method: 'transfer.cancel' });
    expect(timers.running).toBe(0);
  });

  it('stops waiting for content in time, but not while it comes', async () => {
    const { wire, raw, timers } = rawAgent();
    const content = wire.collect(TEXT, { maxBytes: 9, stallTimeoutMs: 50 });
    const { id } = await raw.nextJson();
    raw.send({ id, result: { size: 3, type: 'x' } });
    await settle();
    timers.advance(49);
    raw.data(1, Buffer.from('a'));
    await settle();
    timers.advance(49);
    expect(wire.openTransfers.incoming).toBe(1);
    timers.advance(1);
    await expect(content).rejects.toMatchObject({ name: 'timed-out' });
    expect(await raw.nextJson()).toMatchObject({ method: 'transfer.cancel' });
    expect(timers.running).toBe(0);
  });

  it('is read as a source: told of once for all that came in a turn, and once for the end', async () => {
    const { wire, raw, timers } = rawAgent();
    const coming = wire.request(TEXT, { maxBytes: 9, stallTimeoutMs: 50 });
    const { id } = await raw.nextJson();
    raw.send({ id, result: { size: 6, type: 'x' } });
    const { content } = await coming;
    const told = vi.fn();
    content.more(told);
    raw.together([1, Buffer.from('ab')], [1, Buffer.from('cd')]);
    await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(1));
    expect([content.available, content.ended]).toEqual([4, false]);
    expect(Buffer.concat(content.take(3)).toString()).toBe('abc');
    content.more(told);
    raw.data(1, Buffer.from('ef'));
    await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(2));
    expect([content.available, content.ended, content.failure]).toEqual([3, true, undefined]);
    expect(Buffer.concat(content.take(9)).toString()).toBe('def');
    expect(timers.running).toBe(0);
  });

  it('fails as a source, and into a buffer, when nothing more comes in time', async () => {
    const { wire, raw, timers } = rawAgent();
    const asked = [wire.request(TEXT, { maxBytes: 9, stallTimeoutMs: 50 }), wire.request(TEXT, { maxBytes: 9 })];
    for (const _ of asked) {
      const { id } = await raw.nextJson();
      raw.send({ id, result: { size: 6, type: 'x' } });
    }
    const [source, buffer] = (await Promise.all(asked)).map(({ content }) => content);
    const told = vi.fn();
    source?.more(told);
    raw.together([1, Buffer.from('ab')], [2, Buffer.from('ab')]);
    await vi.waitFor(() => expect(told).toHaveBeenCalled());
    source?.more(told);
    const gathered = buffer?.gatherInto(Buffer.alloc(6));
    timers.advance(10_000);
    await expect(gathered).rejects.toMatchObject({ name: 'timed-out' });
    await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(2));
    expect(source?.failure?.error).toMatchObject({ name: 'timed-out' });
    expect([source?.available, source?.ended, timers.running]).toEqual([0, true, 0]);
  });

  it('passes on what the sender aborted with', async () => {
    const { wire, raw } = rawAgent();
    const content = wire.collect(TEXT, { maxBytes: 9 });
    const { id } = await raw.nextJson();
    raw.together({ id, result: { size: 3, type: 'x' } }, [1, Buffer.from('a')], {
      method: 'transfer.abort',
      params: { transfer: 1, error: { code: 22, name: 'owner-died', message: 'it exited' } },
    });
    await expect(content).rejects.toMatchObject({ name: 'owner-died', remote: true, message: 'it exited' });
  });

  it('may have only so many transfers open', async () => {
    const { wire } = rawAgent(noOwner, { openTransfersMax: 1 });
    const first = wire.collect(TEXT, { maxBytes: 9 });
    await expect(wire.collect(TEXT, { maxBytes: 9 })).rejects.toMatchObject({ name: 'limit-exceeded' });
    void wire.close();
    await expect(first).rejects.toMatchObject({ name: 'connection-closed' });
  });

  it('reads content once', async () => {
    const { daemon } = await twoWires(() => ({ size: 3, type: 'x', content: Buffer.from('abc') }));
    const { content } = await daemon.request(TEXT, { maxBytes: 3 });
    expect((await read(content)).toString()).toBe('abc');
    expect(() => content[Symbol.asyncIterator]()).toThrow('only once');
  });

  it.each([
    ['before the answer', (raw: RawPeer) => raw.data(1, Buffer.from('a')), 'data of transfer 1 before the answer'],
    [
      'for a transfer never asked for',
      (raw: RawPeer) => raw.data(2, Buffer.from('a')),
      'data for transfer 2, which was never asked for',
    ],
    [
      'past the announced size',
      (raw: RawPeer) => raw.together({ id: 1, result: { size: 2, type: 'x' } }, [1, Buffer.from('abc')]),
      'data of transfer 1 past the 2 bytes announced',
    ],
  ])('ends the connection over data %s', async (_what, send, reason) => {
    const { wire, raw } = rawAgent();
    const content = wire.collect(TEXT, { maxBytes: 9 });
    await raw.nextJson();
    send(raw);
    await expect(content).rejects.toMatchObject({ name: 'connection-closed' });
    expect(await raw.nextJson()).toMatchObject({ method: 'session.bye', params: { name: 'protocol-error', reason } });
  });

  it('ends the connection over data past the window', async () => {
    const { wire, raw } = rawAgent();
    const asked = wire.request(TEXT, { maxBytes: 9 * MIB });
    const { id } = await raw.nextJson();
    raw.send({ id, result: { size: 9 * MIB, type: 'x' } });
    const { content } = await asked;
    for (let sent = 0; sent <= TRANSFER_WINDOW_BYTES; sent += 256 * KIB) raw.data(1, Buffer.alloc(256 * KIB));
    expect(await raw.nextJson()).toMatchObject({ method: 'session.bye', params: { name: 'protocol-error' } });
    await expect(read(content)).rejects.toMatchObject({ name: 'connection-closed' });
  });
});

describe('the end of the connection', () => {
  it('fails what is asked for and what is coming, and stops what is being answered and sent', async () => {
    const queue = new PieceQueue();
    const signals: CancelSignal[] = [];
    const { wire, raw, timers } = rawAgent((question, { signal }) => {
      signals.push(signal);
      return question.selection === 'primary' ? new Promise(() => undefined) : { size: 9, type: 'x', content: queue };
    });
    const asked = wire.collect(TEXT, { maxBytes: 9 });
    const coming = wire.collect(TEXT, { maxBytes: 9 });
    await raw.nextJson();
    const { id } = await raw.nextJson();
    raw.together(
      { id, result: { size: 3, type: 'x' } },
      [2, Buffer.from('a')],
      ask(1, 1),
      ask(2, 2, { selection: 'primary' }),
    );
    await settle();
    expect(wire.openTransfers).toEqual({ incoming: 2, outgoing: 2 });
    raw.stream.destroy();
    await expect(asked).rejects.toMatchObject({ name: 'connection-closed' });
    await expect(coming).rejects.toMatchObject({ name: 'connection-closed' });
    expect(signals.map((signal) => (signal.reason as RpcError).name)).toEqual([
      'connection-closed',
      'connection-closed',
    ]);
    expect(queue.cancelled).toBe(true);
    expect(wire.openTransfers).toEqual({ incoming: 0, outgoing: 0 });
    await settle();
    expect(timers.running).toBe(0);
  });
});

async function* generate(...pieces: string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}
