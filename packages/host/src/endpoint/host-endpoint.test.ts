import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Capability, CapabilitySet, ClipboardSelection, ClipboardType } from '@clipmux/vdagent';
import { afterAll, describe, expect, test } from 'vitest';
import { HostError } from '../errors.ts';
import { TEXT_TYPE } from '../mime.ts';
import { duplexPair, GUEST_CAPABILITIES, next, ScriptedGuest } from '../testing.ts';
import { HostEndpoint } from './host-endpoint.ts';
import type { HostOptions } from './options.ts';

const { CLIPBOARD, PRIMARY, SECONDARY } = ClipboardSelection;
const { NONE, UTF8_TEXT, IMAGE_PNG, FILE_LIST } = ClipboardType;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (content: string): Map<string, Uint8Array> => new Map([[TEXT_TYPE, bytes(content)]]);

const directory = mkdtempSync(join(tmpdir(), 'clipmux-host-'));
afterAll(() => rmSync(directory, { recursive: true }));

function attached(
  options: HostOptions = {},
  host = new HostEndpoint(options),
): { host: HostEndpoint; guest: ScriptedGuest } {
  const [hostEnd, guestEnd] = duplexPair();
  const guest = new ScriptedGuest(guestEnd);
  host.attach(hostEnd);
  return { host, guest };
}

async function ready(
  options: HostOptions = {},
  capabilities = GUEST_CAPABILITIES,
): Promise<{ host: HostEndpoint; guest: ScriptedGuest }> {
  const pair = attached(options);
  await pair.guest.shakeHands(capabilities);
  await pair.host.ready();
  return pair;
}

describe('the handshake', () => {
  test('by default the host announces at open and asks', async () => {
    const { host, guest } = attached();
    const announcement = await guest.hear('announce-capabilities');
    expect(announcement).toMatchObject({ request: true, port: 1 });
    expect(announcement.capabilities.names()).toEqual([
      'mouse-state',
      'clipboard-by-demand',
      'clipboard-selection',
      'clipboard-grab-serial',
    ]);
    const came = next(host, 'capabilities');
    guest.announce(false);
    expect(await came).toMatchObject({ request: false, format: { selection: true, grabSerial: true } });
    expect(host.guestCapabilities?.equals(GUEST_CAPABILITIES)).toBe(true);
  });

  test('as old QEMU does, it waits and answers without asking back', async () => {
    const { guest } = attached({ announce: 'when-asked' });
    guest.announce(true);
    expect(await guest.hear('announce-capabilities')).toMatchObject({ request: false });
    expect(guest.heard).toEqual([]);
  });

  test("in SPICE's manner it announces what a client does, the no-release capability too", async () => {
    const { guest } = attached({ manner: 'spice' });
    const { capabilities } = await guest.hear('announce-capabilities');
    expect(capabilities.has(Capability.CLIPBOARD_NO_RELEASE_ON_REGRAB)).toBe(true);
    expect(capabilities.has(Capability.MONITORS_CONFIG)).toBe(true);
  });

  test('each capability can be switched', async () => {
    const { guest } = attached({ selection: false, grabSerial: false, mouseState: false, noReleaseOnRegrab: true });
    const { capabilities } = await guest.hear('announce-capabilities');
    expect(capabilities.names()).toEqual(['clipboard-by-demand', 'clipboard-no-release-on-regrab']);
  });

  test('a guest with MAX_CLIPBOARD is told the limit', async () => {
    const { guest } = await ready({ manner: 'spice', maxClipboard: 1000 });
    expect(await guest.hear('max-clipboard')).toMatchObject({ max: 1000 });
  });

  test("in QEMU's manner a second announcement that asks closes the link, and the next guest begins with serial 0", async () => {
    const { host, guest } = await ready();
    host.copy('clipboard', text('a'));
    expect(await guest.hear('clipboard-grab')).toMatchObject({ serial: 0 });
    host.copy('clipboard', text('b'));
    expect(await guest.hear('clipboard-grab')).toMatchObject({ serial: 1 });
    const gone = next(host, 'disconnected');
    guest.announce(true);
    await gone;
    const again = attached({}, host);
    await again.guest.shakeHands();
    expect(await again.guest.hear('clipboard-grab')).toMatchObject({ serial: 0 });
  });

  test("in SPICE's manner a second announcement is answered, and serials begin anew", async () => {
    const { host, guest } = await ready({ manner: 'spice' });
    host.copy('clipboard', text('a'));
    expect(await guest.hear('clipboard-grab')).toMatchObject({ serial: 0 });
    guest.announce(true);
    expect(await guest.hear('announce-capabilities')).toMatchObject({ request: false });
    expect(await guest.hear('clipboard-grab')).toMatchObject({ serial: 0 });
  });

  test('a guest without CLIPBOARD_BY_DEMAND is sent no grab', async () => {
    const { host, guest } = await ready({}, CapabilitySet.of(Capability.MOUSE_STATE));
    host.copy('clipboard', text('a'));
    host.maxClipboard(7);
    await guest.hear('max-clipboard');
  });
});

describe('from host to guest', () => {
  test('a copy is a grab; each request is answered with the content of its type', async () => {
    const { host, guest } = await ready();
    host.copy('primary', new Map([...text('héllo'), ['image/png', bytes('png')]]));
    expect(host.owns('primary')).toBe(true);
    expect(await guest.hear('clipboard-grab')).toMatchObject({
      selection: PRIMARY,
      serial: 0,
      types: [UTF8_TEXT, IMAGE_PNG],
    });
    const served = next(host, 'served');
    guest.send({ type: 'clipboard-request', selection: PRIMARY, clipboardType: IMAGE_PNG });
    guest.send({ type: 'clipboard-request', selection: PRIMARY, clipboardType: UTF8_TEXT });
    const png = await guest.hear('clipboard');
    expect(png).toMatchObject({ selection: PRIMARY, clipboardType: IMAGE_PNG });
    expect(Buffer.from(png.data).toString()).toBe('png');
    const plain = await guest.hear('clipboard');
    expect(Buffer.from(plain.data).toString()).toBe('héllo');
    const event = await served;
    expect(event).toMatchObject({ selection: 'primary', type: 'image/png', size: 3 });
    expect(event.at).toBeGreaterThanOrEqual(event.requestedAt);
  });

  test('without SELECTION only CLIPBOARD is offered, in the old form', async () => {
    const { host, guest } = attached({ selection: false, grabSerial: false });
    await guest.shakeHands();
    await host.ready();
    guest.format = { selection: false, grabSerial: false };
    host.copy('primary', text('p'));
    host.copy('clipboard', text('c'));
    expect(await guest.hear('clipboard-grab')).toMatchObject({ selection: CLIPBOARD, types: [UTF8_TEXT] });
  });

  test('what was copied before a guest came is offered to it, and to the next one', async () => {
    const host = new HostEndpoint();
    host.copy('clipboard', text('x'));
    const first = attached({}, host);
    await first.guest.shakeHands();
    expect(await first.guest.hear('clipboard-grab')).toMatchObject({ selection: CLIPBOARD, serial: 0 });
    const gone = next(host, 'disconnected');
    first.guest.stream.destroy();
    await gone;
    const second = attached({}, host);
    await second.guest.shakeHands();
    expect(await second.guest.hear('clipboard-grab')).toMatchObject({ selection: CLIPBOARD, serial: 0 });
  });

  test('32 MiB cross in chunks of 1024, past a stream that takes 16 KiB at a time', async () => {
    const { host, guest } = await ready();
    const content = Buffer.alloc(32 * 1024 * 1024, 'clipmux ');
    host.copy('clipboard', new Map([['image/png', content]]));
    await guest.hear('clipboard-grab');
    guest.send({ type: 'clipboard-request', selection: CLIPBOARD, clipboardType: IMAGE_PNG });
    const { data } = await guest.hear('clipboard');
    expect(Buffer.compare(data, content)).toBe(0);
  });

  test('a file is read when it is asked for', async () => {
    const file = join(directory, 'content');
    writeFileSync(file, 'first');
    const { host, guest } = await ready();
    host.copy('clipboard', new Map([[TEXT_TYPE, { file }]]));
    await guest.hear('clipboard-grab');
    writeFileSync(file, 'second');
    guest.send({ type: 'clipboard-request', selection: CLIPBOARD, clipboardType: UTF8_TEXT });
    expect(Buffer.from((await guest.hear('clipboard')).data).toString()).toBe('second');
  });

  test('a file that is gone gives an empty answer', async () => {
    const { host, guest } = await ready();
    host.copy('clipboard', new Map([[TEXT_TYPE, { file: join(directory, 'missing') }]]));
    await guest.hear('clipboard-grab');
    guest.send({ type: 'clipboard-request', selection: CLIPBOARD, clipboardType: UTF8_TEXT });
    expect(await guest.hear('clipboard')).toMatchObject({ clipboardType: UTF8_TEXT, data: { length: 0 } });
  });

  test('a file that shrinks while it is sent ends the link: its message can not be completed', async () => {
    const file = join(directory, 'shrinking');
    writeFileSync(file, Buffer.alloc(4 * 1024 * 1024));
    const { host, guest } = await ready();
    host.copy('clipboard', new Map([[TEXT_TYPE, { file }]]));
    await guest.hear('clipboard-grab');
    guest.stream.pause();
    const began = new Promise<void>((resolve) => {
      guest.stream.once('readable', () => resolve());
    });
    guest.send({ type: 'clipboard-request', selection: CLIPBOARD, clipboardType: UTF8_TEXT });
    await began;
    truncateSync(file, 10);
    const gone = next(host, 'disconnected');
    guest.stream.removeAllListeners('readable');
    guest.stream.resume();
    expect((await gone).error).toMatchObject({ code: 'file-changed' });
  });

  test.each([
    ['qemu', UTF8_TEXT],
    ['spice', NONE],
  ] as const)('what it does not own is answered without bytes, in the manner of %s', async (manner, clipboardType) => {
    const { guest } = await ready({ manner });
    guest.send({ type: 'clipboard-request', selection: CLIPBOARD, clipboardType: UTF8_TEXT });
    expect(await guest.hear('clipboard')).toMatchObject({ clipboardType, data: { length: 0 } });
    guest.send({ type: 'clipboard-request', selection: SECONDARY, clipboardType: UTF8_TEXT });
    expect(await guest.hear('clipboard')).toMatchObject({ selection: SECONDARY, clipboardType, data: { length: 0 } });
  });

  test('release gives up what the host owns, once', async () => {
    const { host, guest } = await ready();
    host.copy('primary', text('x'));
    await guest.hear('clipboard-grab');
    host.release('primary');
    host.release('primary');
    host.maxClipboard(1);
    expect(await guest.hear('clipboard-release')).toMatchObject({ selection: PRIMARY });
    await guest.hear('max-clipboard');
  });

  test.each([
    ['qemu', GUEST_CAPABILITIES.without(Capability.CLIPBOARD_NO_RELEASE_ON_REGRAB), false],
    ['spice', GUEST_CAPABILITIES, false],
    ['spice', GUEST_CAPABILITIES.without(Capability.CLIPBOARD_NO_RELEASE_ON_REGRAB), true],
  ] as const)('a second copy in the manner of %s (release first: case %#)', async (manner, capabilities, releases) => {
    const { host, guest } = await ready({ manner }, capabilities);
    host.copy('clipboard', text('1'));
    await guest.hear('clipboard-grab');
    host.copy('clipboard', text('2'));
    if (releases) await guest.hear('clipboard-release');
    expect(await guest.hear('clipboard-grab')).toMatchObject({ serial: 1 });
  });

  test('refuses types that have no number, and nothing at all', () => {
    const host = new HostEndpoint();
    expect(() => host.copy('clipboard', new Map([['text/html', bytes('x')]]))).toThrow(
      expect.objectContaining({ code: 'unsupported-type' }),
    );
    expect(() => host.copy('clipboard', new Map())).toThrow(expect.objectContaining({ code: 'nothing-to-copy' }));
  });
});

describe('from guest to host', () => {
  test('a grab is told with its types, and a paste gets the bytes', async () => {
    const { host, guest } = await ready();
    const grabbed = next(host, 'grabbed');
    guest.send({ type: 'clipboard-grab', selection: CLIPBOARD, serial: 0, types: [IMAGE_PNG, FILE_LIST, UTF8_TEXT] });
    expect(await grabbed).toMatchObject({
      selection: 'clipboard',
      types: ['image/png', TEXT_TYPE],
      clipboardTypes: [IMAGE_PNG, FILE_LIST, UTF8_TEXT],
      serial: 0,
    });
    expect(host.offered('clipboard')).toEqual(['image/png', TEXT_TYPE]);
    const data = next(host, 'data');
    const pasted = host.paste('clipboard', TEXT_TYPE);
    expect(await guest.hear('clipboard-request')).toMatchObject({ selection: CLIPBOARD, clipboardType: UTF8_TEXT });
    guest.send({ type: 'clipboard', selection: CLIPBOARD, clipboardType: UTF8_TEXT, data: bytes('wörld') });
    expect(Buffer.from(await pasted).toString()).toBe('wörld');
    expect(await data).toMatchObject({ selection: 'clipboard', type: TEXT_TYPE, size: 6, expected: true });
  });

  test('8 MiB in chunks of 2048 come out the same', async () => {
    const { host, guest } = await ready();
    guest.send({ type: 'clipboard-grab', selection: PRIMARY, serial: 0, types: [IMAGE_PNG] });
    await next(host, 'grabbed');
    const pasted = host.paste('primary', 'image/png');
    await guest.hear('clipboard-request');
    const data = Buffer.alloc(8 * 1024 * 1024, 'guest to host');
    guest.send({ type: 'clipboard', selection: PRIMARY, clipboardType: IMAGE_PNG, data });
    expect(Buffer.compare(await pasted, data)).toBe(0);
  });

  test('pastes of different types and selections get their own answers, in whatever order they come', async () => {
    const { host, guest } = await ready();
    guest.send({ type: 'clipboard-grab', selection: CLIPBOARD, serial: 0, types: [UTF8_TEXT, IMAGE_PNG] });
    guest.send({ type: 'clipboard-grab', selection: PRIMARY, serial: 0, types: [UTF8_TEXT] });
    await next(host, 'grabbed');
    while (host.offered('primary') === undefined) await next(host, 'grabbed');
    const pastes = [
      host.paste('clipboard', TEXT_TYPE),
      host.paste('clipboard', 'image/png'),
      host.paste('primary', TEXT_TYPE),
      host.paste('clipboard', TEXT_TYPE),
    ];
    guest.send({ type: 'clipboard', selection: PRIMARY, clipboardType: UTF8_TEXT, data: bytes('primary') });
    guest.send({ type: 'clipboard', selection: CLIPBOARD, clipboardType: IMAGE_PNG, data: bytes('png') });
    guest.send({ type: 'clipboard', selection: CLIPBOARD, clipboardType: UTF8_TEXT, data: bytes('one') });
    guest.send({ type: 'clipboard', selection: CLIPBOARD, clipboardType: UTF8_TEXT, data: bytes('') });
    const results = await Promise.all(pastes);
    expect(results.map((result) => Buffer.from(result).toString())).toEqual(['one', 'png', 'primary', '']);
  });

  test('there is nothing to paste before a grab, after a release, and in a type not offered', async () => {
    const host = new HostEndpoint();
    await expect(host.paste('clipboard', TEXT_TYPE)).rejects.toMatchObject({ code: 'no-guest' });
    const { guest } = attached({}, host);
    await guest.shakeHands();
    await expect(host.paste('clipboard', TEXT_TYPE)).rejects.toMatchObject({ code: 'nothing-to-paste' });
    guest.send({ type: 'clipboard-grab', selection: CLIPBOARD, serial: 0, types: [UTF8_TEXT] });
    await next(host, 'grabbed');
    await expect(host.paste('clipboard', 'image/png')).rejects.toMatchObject({ code: 'type-not-offered' });
    guest.send({ type: 'clipboard-release', selection: CLIPBOARD });
    expect(await next(host, 'released')).toMatchObject({ selection: 'clipboard' });
    await expect(host.paste('clipboard', TEXT_TYPE)).rejects.toMatchObject({ code: 'nothing-to-paste' });
  });

  test("an answer of type NONE refuses a paste in SPICE's manner; QEMU passes it over", async () => {
    for (const manner of ['spice', 'qemu'] as const) {
      const { host, guest } = await ready({ manner });
      guest.send({ type: 'clipboard-grab', selection: CLIPBOARD, serial: 0, types: [UTF8_TEXT] });
      await next(host, 'grabbed');
      const pasted = host.paste('clipboard', TEXT_TYPE);
      const outcome = pasted.then(
        (content) => content.length,
        (error: unknown) => (error instanceof HostError ? error.code : error),
      );
      const data = next(host, 'data');
      guest.send({ type: 'clipboard', selection: CLIPBOARD, clipboardType: NONE, data: bytes('') });
      expect(await data).toMatchObject({ expected: manner === 'spice' });
      guest.send({ type: 'clipboard', selection: CLIPBOARD, clipboardType: UTF8_TEXT, data: bytes('late') });
      expect(await outcome).toBe(manner === 'spice' ? 'refused' : 4);
    }
  });

  test('a paste can time out and be given up; an answer that comes later is told as unexpected', async () => {
    const { host, guest } = await ready();
    guest.send({ type: 'clipboard-grab', selection: CLIPBOARD, serial: 0, types: [UTF8_TEXT] });
    await next(host, 'grabbed');
    await expect(host.paste('clipboard', TEXT_TYPE, { timeout: 1 })).rejects.toMatchObject({ code: 'timed-out' });
    const reason = new Error('enough');
    await expect(host.paste('clipboard', TEXT_TYPE, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const data = next(host, 'data');
    guest.send({ type: 'clipboard', selection: CLIPBOARD, clipboardType: UTF8_TEXT, data: bytes('late') });
    expect(await data).toMatchObject({ expected: false, size: 4 });
  });

  test('content past the limit fails the paste and is not kept', async () => {
    const { host, guest } = await ready({ maxPasteSize: 10 });
    guest.send({ type: 'clipboard-grab', selection: CLIPBOARD, serial: 0, types: [UTF8_TEXT] });
    await next(host, 'grabbed');
    const pasted = host.paste('clipboard', TEXT_TYPE);
    guest.send({ type: 'clipboard', selection: CLIPBOARD, clipboardType: UTF8_TEXT, data: new Uint8Array(5000) });
    await expect(pasted).rejects.toMatchObject({ code: 'too-large' });
  });

  test('a guest that goes fails the pastes that wait', async () => {
    const { host, guest } = await ready();
    guest.send({ type: 'clipboard-grab', selection: CLIPBOARD, serial: 0, types: [UTF8_TEXT] });
    await next(host, 'grabbed');
    const pasted = host.paste('clipboard', TEXT_TYPE);
    guest.stream.destroy();
    await expect(pasted).rejects.toMatchObject({ code: 'guest-disconnected' });
    expect(host.offered('clipboard')).toBeUndefined();
    expect(host.connected).toBe(false);
  });
});

describe('who owns', () => {
  test.each(['qemu', 'spice'] as const)('serials of both sides go up together, in the manner of %s', async (manner) => {
    const { host, guest } = await ready({ manner });
    const lost: string[] = [];
    host.on('lost', ({ selection }) => lost.push(selection));
    host.copy('clipboard', text('1'));
    expect(await guest.hear('clipboard-grab')).toMatchObject({ serial: 0 });
    const grabbed = next(host, 'grabbed');
    guest.send({ type: 'clipboard-grab', selection: CLIPBOARD, serial: 1, types: [UTF8_TEXT] });
    expect(await grabbed).toMatchObject({ serial: 1 });
    expect(lost).toEqual(['clipboard']);
    expect(host.owns('clipboard')).toBe(false);
  });

  test.each(['qemu', 'spice'] as const)(
    'in a race of grabs with the same serial the host wins, in the manner of %s',
    async (manner) => {
      const { host, guest } = await ready({ manner });
      host.copy('clipboard', text('1'));
      const discarded = next(host, 'grabDiscarded');
      guest.send({ type: 'clipboard-grab', selection: CLIPBOARD, serial: 0, types: [UTF8_TEXT] });
      expect(await discarded).toMatchObject({ selection: 'clipboard', serial: 0 });
      expect(host.owns('clipboard')).toBe(true);
      expect(host.offered('clipboard')).toBeUndefined();
    },
  );

  test('the selections have serials of their own', async () => {
    const { host, guest } = await ready();
    host.copy('clipboard', text('1'));
    host.copy('primary', text('2'));
    expect(await guest.hear('clipboard-grab')).toMatchObject({ selection: CLIPBOARD, serial: 0 });
    expect(await guest.hear('clipboard-grab')).toMatchObject({ selection: PRIMARY, serial: 0 });
  });

  test('a new client knows nothing of what the guest offered before', async () => {
    const { host, guest } = await ready({ manner: 'spice' });
    guest.send({ type: 'clipboard-grab', selection: CLIPBOARD, serial: 0, types: [UTF8_TEXT] });
    await next(host, 'grabbed');
    host.announce();
    expect(host.offered('clipboard')).toBeUndefined();
    expect(await guest.hear('announce-capabilities')).toMatchObject({ request: true });
    guest.announce(false);
    const grabbed = next(host, 'grabbed');
    guest.send({ type: 'clipboard-grab', selection: CLIPBOARD, serial: 0, types: [UTF8_TEXT] });
    expect(await grabbed).toMatchObject({ serial: 0 });
  });

  test("a client that leaves is told on the server's port, and what it owned is gone", async () => {
    const { host, guest } = await ready({ manner: 'spice' });
    host.copy('clipboard', text('1'));
    await guest.hear('clipboard-grab');
    host.clientDisconnected();
    expect(await guest.hear('client-disconnected')).toMatchObject({ port: 2 });
    expect(host.owns('clipboard')).toBe(false);
  });

  test('closing gives up what the host owns before it hangs up', async () => {
    const { host, guest } = await ready();
    host.copy('clipboard', text('1'));
    await guest.hear('clipboard-grab');
    await host.close();
    await guest.hear('clipboard-release');
    await expect(guest.hear('clipboard-grab')).rejects.toThrow('closed');
  });
});

describe('one guest at a time, whatever it sends', () => {
  test('a second guest is refused while there is one', () => {
    const { host } = attached();
    expect(() => host.attach(duplexPair()[0])).toThrow(expect.objectContaining({ code: 'guest-present' }));
  });

  test('a malformed message is told and skipped; broken framing ends the link', async () => {
    const { host, guest } = await ready();
    const first = next(host, 'protocolError');
    guest.send({ type: 'other', name: '', header: { protocol: 1, type: 8, opaque: 0n, size: 1 }, body: bytes('x') });
    expect((await first).error).toMatchObject({ code: 'selection-truncated' });
    expect(host.connected).toBe(true);
    const second = next(host, 'protocolError');
    const gone = next(host, 'disconnected');
    guest.stream.write(new Uint8Array(8));
    expect((await second).error).toMatchObject({ code: 'unknown-chunk-port' });
    expect((await gone).error).toMatchObject({ code: 'unknown-chunk-port' });
  });

  test('messages that are not of the clipboard are handed on', async () => {
    const { host, guest } = await ready();
    const came = next(host, 'message');
    guest.send({
      type: 'other',
      name: '',
      header: { protocol: 1, type: 3, opaque: 0n, size: 8 },
      body: new Uint8Array(8),
    });
    expect((await came).message.name).toBe('reply');
  });
});

describe('misbehaviour for tests', () => {
  test.each([
    ['answer-none', NONE],
    ['answer-empty', UTF8_TEXT],
  ] as const)('%s', async (requests, clipboardType) => {
    const { host, guest } = await ready();
    host.setFaults({ requests });
    host.copy('clipboard', text('secret'));
    await guest.hear('clipboard-grab');
    guest.send({ type: 'clipboard-request', selection: CLIPBOARD, clipboardType: UTF8_TEXT });
    expect(await guest.hear('clipboard')).toMatchObject({ clipboardType, data: { length: 0 } });
  });

  test('never-answer', async () => {
    const { host, guest } = await ready();
    host.setFaults({ requests: 'never-answer' });
    host.copy('clipboard', text('secret'));
    await guest.hear('clipboard-grab');
    guest.send({ type: 'clipboard-request', selection: CLIPBOARD, clipboardType: UTF8_TEXT });
    await next(host, 'requested');
    host.setFaults({});
    guest.send({ type: 'clipboard-request', selection: CLIPBOARD, clipboardType: UTF8_TEXT });
    expect(Buffer.from((await guest.hear('clipboard')).data).toString()).toBe('secret');
    expect(guest.heard).toEqual([]);
  });

  test('a host that stops reading takes nothing, and everything once it goes on', async () => {
    const { host, guest } = await ready();
    host.setFaults({ reading: false });
    let grabs = 0;
    host.on('grabbed', () => grabs++);
    for (let serial = 0; serial < 2000; serial++) {
      guest.send({ type: 'clipboard-grab', selection: CLIPBOARD, serial, types: [UTF8_TEXT] });
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(guest.stream.writableLength).toBeGreaterThan(0);
    const seen = grabs;
    await new Promise((resolve) => setImmediate(resolve));
    expect(grabs).toBe(seen);
    host.setFaults({});
    while (grabs < 2000) await next(host, 'grabbed');
  });

  test('messages past the output limit are dropped, as QEMU does', async () => {
    const { host, guest } = await ready();
    host.setFaults({ outputLimit: 1024 * 1024 });
    host.copy('clipboard', new Map([[TEXT_TYPE, new Uint8Array(2 * 1024 * 1024)]]));
    await guest.hear('clipboard-grab');
    const dropped = next(host, 'dropped');
    guest.send({ type: 'clipboard-request', selection: CLIPBOARD, clipboardType: UTF8_TEXT });
    expect(await dropped).toMatchObject({ name: 'clipboard', size: 2 * 1024 * 1024 });
    host.maxClipboard(1);
    await guest.hear('max-clipboard');
  });
});
