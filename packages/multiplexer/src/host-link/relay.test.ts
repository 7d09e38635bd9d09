import { silentLogger } from '@clipmux/posix';
import { NODE_TIMERS } from '@clipmux/rpc';
import {
  Capability,
  CapabilitySet,
  type ChunkPort,
  chunked,
  encodeMessage,
  type Message,
  MessageType,
  messageHeader,
} from '@clipmux/vdagent';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeHost, QEMU, SPICE } from './fake-host.fixture.ts';
import { HostLink } from './host-link.ts';
import type { HostLinkListener } from './listener.ts';

const FORMAT = { selection: true, grabSerial: true };
const NONE = CapabilitySet.EMPTY;
const MOUSE = CapabilitySet.of(Capability.MOUSE_STATE);
const VOLUME = CapabilitySet.of(Capability.AUDIO_VOLUME_SYNC);

interface Relayed {
  readonly port: ChunkPort;
  readonly type: number;
  readonly opaque: bigint;
  readonly body: Buffer;
}

let host: FakeHost;
let link: HostLink;
let grabs: string[];
let relayed: Relayed[];
let capabilities: CapabilitySet;
const announced = vi.fn();
const detached = vi.fn();
const none = () => {};

const listener: HostLinkListener = {
  attached: none,
  settled: none,
  detached: none,
  clientDisconnected: none,
  grab: (selection, types) => grabs.push(`${selection} ${types.join(' ')}`),
  release: (selection) => grabs.push(`${selection} nothing`),
  maxClipboard: none,
  request: none,
  answered: none,
  failed: none,
  broken: (reason) => {
    throw new Error(reason);
  },
};

beforeEach(() => {
  grabs = [];
  relayed = [];
  capabilities = NONE;
  announced.mockClear();
  detached.mockClear();
  let request = 0;
  link = new HostLink(listener, {
    logger: silentLogger,
    nextRequest: () => ++request,
    timers: NODE_TIMERS,
    relay: {
      get capabilities() {
        return capabilities;
      },
      announced,
      detached,
      message: (port, { type, opaque }, body) => relayed.push({ port, type, opaque, body: Buffer.from(body) }),
    },
  });
  host = new FakeHost();
  link.open(host);
});

afterEach(() => link.close());

async function turn(): Promise<void> {
  for (let count = 0; count < 5; count += 1) await new Promise((resolve) => setImmediate(resolve));
}

const mouse = messageHeader(MessageType.MOUSE_STATE, 13);
const others = () => relayed.filter(({ type }) => type !== MessageType.ANNOUNCE_CAPABILITIES);

describe('what is not of the clipboard', () => {
  it('is handed on before any handshake: spice-server moves the pointer as soon as the port is open', async () => {
    for (const bytes of chunked(2, mouse, [Buffer.alloc(13, 7)])) host.push(bytes);
    await turn();
    expect(relayed).toEqual([{ port: 2, type: MessageType.MOUSE_STATE, opaque: 0n, body: Buffer.alloc(13, 7) }]);
  });

  it('goes out on its chunk port, and it is told when it has, or when the port has closed', async () => {
    const taken = vi.fn();
    link.relay(1, { ...messageHeader(MessageType.REPLY, 3), opaque: 4n }, Buffer.from('yes'), taken);
    expect(taken).toHaveBeenCalledOnce();
    await turn();
    expect(host.told()).toMatchObject([{ type: 'other', header: { type: MessageType.REPLY, opaque: 4n } }]);
    host.takes = false;
    link.relay(1, messageHeader(MessageType.REPLY, 0), Buffer.alloc(0), none);
    const late = vi.fn();
    link.relay(1, messageHeader(MessageType.REPLY, 0), Buffer.alloc(0), late);
    expect(late).not.toHaveBeenCalled();
    expect(link.busy).toBe(true);
    link.close();
    expect(late).toHaveBeenCalledOnce();
    expect(detached).toHaveBeenCalledOnce();
    link.relay(1, messageHeader(MessageType.REPLY, 0), Buffer.alloc(0), late);
    expect(late).toHaveBeenCalledTimes(2);
  });

  it('reaches the relay, and clipboard the arbiter, both in order and unchanged, mixed and cut in any way', async () => {
    host.announce(SPICE);
    await turn();
    const other = fc.record({
      port: fc.constantFrom<ChunkPort>(1, 2),
      type: fc.constantFrom(1, 2, 3, 5, 10, 11, 12, 15, 16, 1000),
      opaque: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      body: fc.uint8Array({ maxLength: 4000 }).map((bytes) => Buffer.from(bytes)),
    });
    const release = fc.constantFrom(0 as const, 1 as const);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(other, release), { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1 }),
        async (said, cuts) => {
          relayed = [];
          grabs = [];
          const stream = Buffer.concat(
            said.flatMap((one) => {
              if (typeof one === 'object') {
                const header = { ...messageHeader(one.type, one.body.length), opaque: one.opaque };
                return chunked(one.port, header, [one.body]);
              }
              const message: Message = { type: 'clipboard-release', selection: one };
              const { header, body } = encodeMessage(message, FORMAT);
              return chunked(1, header, body);
            }),
          );
          for (let at = 0, cut = 0; at < stream.length; cut += 1) {
            const length = cuts[cut % cuts.length] as number;
            host.push(Buffer.from(stream.subarray(at, at + length)));
            at += length;
          }
          await turn();
          const clipboard: readonly number[] = [MessageType.CLIPBOARD_RELEASE];
          expect(relayed.filter(({ type }) => !clipboard.includes(type))).toEqual(
            said.filter((one) => typeof one === 'object'),
          );
          expect(grabs).toEqual(
            said.flatMap((one) =>
              typeof one === 'object' ? [] : [one === 0 ? 'clipboard nothing' : 'primary nothing'],
            ),
          );
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('the announcement', () => {
  it('names what the relay does beside what we do', async () => {
    capabilities = MOUSE;
    host.announce(QEMU);
    await turn();
    const [first] = host.told();
    const names = (first as Extract<Message, { type: 'announce-capabilities' }>).capabilities.names();
    expect(names).toEqual(expect.arrayContaining(['mouse-state', 'clipboard-by-demand', 'clipboard-grab-serial']));
    expect(announced).toHaveBeenCalledExactlyOnceWith(expect.anything(), true, false);
    expect(others()).toEqual([]);
    expect(link.outOfDate).toBe(false);
  });

  it('is out of date for QEMU only in what QEMU looks at', async () => {
    host.announce(QEMU);
    await turn();
    capabilities = VOLUME;
    expect(link.outOfDate).toBe(false);
    capabilities = VOLUME.union(MOUSE);
    expect(link.outOfDate).toBe(true);
    link.close();
    expect(link.outOfDate).toBe(false);
  });

  it('is out of date for a QEMU that sends no pointer in nothing', async () => {
    host.announce(QEMU.without(Capability.MOUSE_STATE));
    await turn();
    capabilities = VOLUME.union(MOUSE);
    expect(link.outOfDate).toBe(false);
  });

  it('is out of date for a SPICE client in anything', async () => {
    host.announce(SPICE);
    await turn();
    expect(announced).toHaveBeenLastCalledWith(expect.anything(), true, true);
    expect(link.busy).toBe(false);
    capabilities = VOLUME;
    expect(link.outOfDate).toBe(true);
    link.request(1, 'clipboard', 'text/plain;charset=utf-8');
    expect(link.busy).toBe(true);
  });
});
