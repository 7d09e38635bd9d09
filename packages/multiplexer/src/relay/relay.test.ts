import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@clipmux/posix';
import { NODE_TIMERS } from '@clipmux/rpc';
import {
  Capability,
  CapabilitySet,
  type ChunkPort,
  chunked,
  decodeMessage,
  frameMessage,
  type Message,
  MessageReader,
  MessageType,
  messageHeader,
} from '@clipmux/vdagent';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STOCK_BACKLOG_BYTES, STOCK_STALL_MS } from './limits.ts';
import { Relay } from './relay.ts';

const FORMAT = { selection: false, grabSerial: false };
const HOST = CapabilitySet.of(
  Capability.MOUSE_STATE,
  Capability.MONITORS_CONFIG,
  Capability.CLIPBOARD_BY_DEMAND,
  Capability.CLIPBOARD_SELECTION,
  Capability.CLIPBOARD_GRAB_SERIAL,
);
const STOCK = CapabilitySet.of(
  Capability.MOUSE_STATE,
  Capability.AUDIO_VOLUME_SYNC,
  Capability.CLIPBOARD_BY_DEMAND,
  Capability.GUEST_LINEEND_LF,
);

type Heard = Message & { port: ChunkPort };

const none = () => {};

/** A stock daemon that does what a test tells it. */
class Stock {
  readonly socket: Socket;
  readonly heard: Heard[] = [];
  readonly closed: Promise<unknown>;

  constructor(path: string) {
    this.socket = connect(path);
    this.socket.on('error', () => {});
    this.closed = once(this.socket, 'close');
    const reader = new MessageReader({
      message: (port, header, body) => {
        this.heard.push({ ...decodeMessage(header, body, FORMAT, port), port });
        this.socket.emit('heard');
      },
      streamStart: none,
      streamData: none,
      streamEnd: none,
      streamAbort: none,
      error: (error) => {
        throw error;
      },
    });
    this.socket.on('data', (bytes) => reader.push(bytes));
  }

  async hear(): Promise<Heard> {
    while (this.heard.length === 0) await once(this.socket, 'heard');
    return this.heard.shift() as Heard;
  }

  say(message: Message, port: ChunkPort = 1): void {
    for (const bytes of frameMessage(port, message, FORMAT)) this.socket.write(bytes);
  }

  announce(capabilities = STOCK, request = true): void {
    this.say({ type: 'announce-capabilities', request, capabilities });
  }
}

interface Sent {
  readonly port: ChunkPort;
  readonly type: number;
  readonly opaque: bigint;
  readonly body: Buffer;
  readonly taken: () => void;
}

let directory: string;
let relay: Relay;
let sent: Sent[];
let told: (() => void)[];
const host = {
  outOfDate: false,
  busy: false,
  renewed: 0,
  renew() {
    host.renewed += 1;
    host.outOfDate = false;
    tell();
  },
  send(port: ChunkPort, header: { type: number; opaque: bigint }, body: Uint8Array, taken: () => void) {
    sent.push({ port, type: header.type, opaque: header.opaque, body: Buffer.from(body), taken });
    tell();
  },
};

function tell(): void {
  for (const wake of told.splice(0)) wake();
}

/** Waits until something that the host sees makes it true. */
async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => told.push(resolve));
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'clipmux-relay-'));
  sent = [];
  told = [];
  Object.assign(host, { outOfDate: false, busy: false, renewed: 0 });
  const path = join(directory, 'vdagent.sock');
  relay = new Relay({ path, host, logger: silentLogger, timers: NODE_TIMERS, now: () => 7 });
  await relay.start();
});

afterEach(async () => {
  await relay.stop();
  await rm(directory, { recursive: true, force: true });
});

const stock = () => new Stock(join(directory, 'vdagent.sock'));
const message = (type: number, body: Uint8Array, opaque = 0n) => ({
  header: { ...messageHeader(type, body.length), opaque },
  body,
});

/** A stock daemon that is connected, and has been told what the host can. */
async function connected(): Promise<Stock> {
  relay.announced(HOST, true, true);
  const daemon = stock();
  expect(await daemon.hear()).toMatchObject({ type: 'announce-capabilities' });
  return daemon;
}

describe('capabilities', () => {
  it('of the host reach the stock daemon without the clipboard, as from a client that has just connected', async () => {
    relay.announced(HOST, true, true);
    const heard = await stock().hear();
    expect(heard).toMatchObject({ type: 'announce-capabilities', request: true, port: 1 });
    const { capabilities } = heard as Extract<Heard, { type: 'announce-capabilities' }>;
    expect(capabilities.names()).toEqual(['mouse-state', 'monitors-config']);
  });

  it('of the stock daemon are taken without the clipboard, and the host is told anew where that changes something', async () => {
    const daemon = await connected();
    host.outOfDate = true;
    daemon.announce();
    await eventually(() => host.renewed === 1);
    expect(relay.capabilities.names()).toEqual(['mouse-state', 'audio-volume-sync']);
    expect(await daemon.hear()).toMatchObject({ type: 'announce-capabilities', request: false });
    expect(relay.status).toMatchObject({ connected: true, since: 7 });
  });

  it('are passed on again to a stock daemon when another client connects', async () => {
    const daemon = await connected();
    relay.announced(HOST, true, true);
    expect(await daemon.hear()).toMatchObject({ type: 'announce-capabilities', request: true });
  });

  it('are nothing any more when the stock daemon has gone', async () => {
    const daemon = await connected();
    host.outOfDate = true;
    daemon.announce();
    await eventually(() => host.renewed === 1);
    host.outOfDate = true;
    daemon.socket.destroy();
    await eventually(() => host.renewed === 2);
    expect(relay.capabilities.names()).toEqual([]);
    expect(relay.status.connected).toBe(false);
  });

  it('wait for a paste that is under way', async () => {
    const daemon = await connected();
    Object.assign(host, { outOfDate: true, busy: true });
    daemon.announce();
    await daemon.hear();
    expect(host.renewed).toBe(0);
    host.busy = false;
    await eventually(() => host.renewed === 1);
  });
});

describe('messages', () => {
  it('cross both ways with their chunk port, type, opaque and body', async () => {
    const daemon = await connected();
    const volume = message(MessageType.AUDIO_VOLUME_SYNC, Buffer.from('loud'), 9n);
    daemon.say({ type: 'other', name: '', ...volume }, 2);
    await eventually(() => sent.length === 1);
    expect(sent[0]).toMatchObject({ port: 2, type: 15, opaque: 9n, body: Buffer.from('loud') });
    const mouse = message(MessageType.MOUSE_STATE, Buffer.from('thirteen byte'), 5n);
    relay.message(2, mouse.header, mouse.body);
    expect(await daemon.hear()).toMatchObject({ type: 'other', port: 2, header: mouse.header });
  });

  it('that the client has gone crosses on its port, and so does that the port has closed', async () => {
    const daemon = await connected();
    const gone = message(MessageType.CLIENT_DISCONNECTED, new Uint8Array(0));
    relay.message(2, gone.header, gone.body);
    expect(await daemon.hear()).toMatchObject({ type: 'client-disconnected', port: 2 });
    relay.detached();
    expect(await daemon.hear()).toMatchObject({ type: 'client-disconnected', port: 2 });
  });

  it('come in order and whole, clipboard apart, however the stream is cut', async () => {
    const daemon = await connected();
    const types = [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 14, 15, 16, 99];
    const clipboard = [4, 7, 8, 9, 14];
    const anyMessage = fc.record({
      port: fc.constantFrom<ChunkPort>(1, 2),
      type: fc.constantFrom(...types),
      body: fc.uint8Array({ maxLength: 3000 }),
      opaque: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyMessage, { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }),
        async (messages, cuts) => {
          // To the host, cut anywhere.
          const frames = messages.flatMap(({ port, type, body, opaque }) => {
            const { header } = message(type, body, opaque);
            return chunked(port, header, [body]);
          });
          const stream = Buffer.concat([...frames, ...chunked(1, messageHeader(77, 0), [])]);
          sent = [];
          for (let at = 0, cut = 0; at < stream.length; cut += 1) {
            const length = cuts[cut % cuts.length] as number;
            daemon.socket.write(stream.subarray(at, at + length));
            at += length;
          }
          await eventually(() => sent.at(-1)?.type === 77);
          const expected = messages.filter(({ type }) => !clipboard.includes(type));
          expect(sent.slice(0, -1).map(({ taken, ...one }) => one)).toEqual(
            expected.map((one) => ({ ...one, body: Buffer.from(one.body) })),
          );
          for (const { taken } of sent) taken();
          // And to the stock daemon.
          for (const { port, type, body, opaque } of messages) {
            relay.message(port, message(type, body, opaque).header, body);
          }
          for (const { port, type, body, opaque } of expected) {
            const heard = await daemon.hear();
            expect(heard).toMatchObject({ type: 'other', port, header: { type, opaque } });
            expect(Buffer.from((heard as { body: Uint8Array }).body)).toEqual(Buffer.from(body));
          }
          expect(daemon.heard).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a stock daemon', () => {
  it('that stops reading is disconnected at a bound', async () => {
    const daemon = await connected();
    daemon.socket.pause();
    const body = new Uint8Array(256 * 1024);
    const { header } = message(MessageType.FILE_XFER_DATA, body);
    for (let size = 0; size <= STOCK_BACKLOG_BYTES; size += body.length) {
      expect(relay.status.connected).toBe(true);
      relay.message(1, header, body);
    }
    expect(relay.status.connected).toBe(false);
    daemon.socket.resume();
    await daemon.closed;
  });

  it('that takes nothing for a while is disconnected, however little waits; one that takes some is not', async () => {
    const set: (() => void)[] = [];
    const timers = {
      set: (callback: () => void, milliseconds: number) => {
        if (milliseconds === STOCK_STALL_MS) set.push(callback);
        return NODE_TIMERS.set(none, 0);
      },
      clear: NODE_TIMERS.clear,
    };
    await relay.stop();
    relay = new Relay({ path: join(directory, 'vdagent.sock'), host, logger: silentLogger, timers, now: () => 7 });
    await relay.start();
    const daemon = await connected();
    // The first is that of the log's word on a host without a stock daemon, which is off by now.
    set.shift();
    daemon.socket.pause();
    const body = new Uint8Array(256 * 1024);
    const { header } = message(MessageType.FILE_XFER_DATA, body);
    for (let count = 0; count < 8; count += 1) relay.message(1, header, body);
    expect(set).toHaveLength(1);
    daemon.socket.resume();
    for (let count = 0; count < 8; count += 1) await daemon.hear();
    set.shift()?.();
    expect(relay.status.connected).toBe(true);
    daemon.socket.pause();
    for (let count = 0; count < 8; count += 1) relay.message(1, header, body);
    // What the kernel and the reader's own buffers take is taken by now; after that nothing is.
    for (let round = 0; round < 3 && relay.status.connected; round += 1) {
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      set.shift()?.();
    }
    expect(relay.status.connected).toBe(false);
  });

  it('is not read further than the port takes, and is read again when it does', async () => {
    const daemon = await connected();
    const body = Buffer.alloc(200 * 1024, 1);
    for (let count = 0; count < 20; count += 1)
      daemon.say({ type: 'other', name: '', ...message(MessageType.GRAPHICS_DEVICE_INFO, body) });
    await eventually(() => sent.length === 6);
    for (let round = 0; round < 20; round += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(sent.length).toBe(6);
    let taken = 0;
    while (taken < 20) {
      await eventually(() => sent.length > taken);
      sent[taken]?.taken();
      taken += 1;
    }
    expect(sent).toHaveLength(20);
  });

  it('that breaks the framing is disconnected, and the next one is taken', async () => {
    const daemon = await connected();
    daemon.socket.write(Buffer.alloc(64, 0xff));
    await daemon.closed;
    expect(await stock().hear()).toMatchObject({ type: 'announce-capabilities' });
  });

  it('waits while another is connected, and then takes its place; a third is turned away', async () => {
    const first = await connected();
    const second = stock();
    await once(second.socket, 'connect');
    const third = stock();
    await third.closed;
    expect(second.heard).toEqual([]);
    first.socket.destroy();
    expect(await second.hear()).toMatchObject({ type: 'announce-capabilities' });
  });

  it('must be root’s or our own: nobody else may open the socket', async () => {
    expect((await stat(join(directory, 'vdagent.sock'))).mode & 0o777).toBe(0o600);
  });
});

it('does without where the socket cannot be made, and says so', async () => {
  const path = join(directory, 'missing', 'deeper', 'vdagent.sock');
  const other = new Relay({ path, host, logger: silentLogger, now: () => 7 });
  await other.start();
  expect(other.status.problem).toContain(path);
  await other.stop();
});
