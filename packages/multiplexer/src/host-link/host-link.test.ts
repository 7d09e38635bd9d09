import { silentLogger } from '@clipmux/posix';
import { NODE_TIMERS, type PieceQueue } from '@clipmux/rpc';
import { ClipboardSelection, ClipboardType, type Message } from '@clipmux/vdagent';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeHost, QEMU, SPICE } from './fake-host.fixture.ts';
import { HostLink } from './host-link.ts';
import { ANNOUNCE_WAIT_MS, DEFAULT_HOST_LINK_SETTINGS, LATE_ANSWER_MS } from './limits.ts';
import type { HostLinkListener } from './listener.ts';

const TEXT = 'text/plain;charset=utf-8';
const { hostAnswerMs, settleMs } = DEFAULT_HOST_LINK_SETTINGS;
const { CLIPBOARD } = ClipboardSelection;
const { UTF8_TEXT, NONE } = ClipboardType;

let host: FakeHost;
let link: HostLink;
let listener: { [K in keyof HostLinkListener]: ReturnType<typeof vi.fn<HostLinkListener[K]>> };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  listener = {
    attached: vi.fn(),
    settled: vi.fn(),
    detached: vi.fn(),
    clientDisconnected: vi.fn(),
    grab: vi.fn(),
    release: vi.fn(),
    maxClipboard: vi.fn(),
    request: vi.fn(),
    answered: vi.fn(),
    failed: vi.fn(),
    broken: vi.fn(),
  };
  let request = 100;
  link = new HostLink(listener, { logger: silentLogger, nextRequest: () => ++request, timers: NODE_TIMERS });
  host = new FakeHost();
  link.open(host);
});

afterEach(() => {
  link.close();
  vi.useRealTimers();
});

/** Lets streams and promises run; the faked clock stands still. */
async function turn(): Promise<void> {
  for (let count = 0; count < 5; count += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function attach(capabilities = QEMU): Promise<void> {
  host.announce(capabilities);
  await turn();
  host.told();
}

const data = (text: string, clipboardType: number = UTF8_TEXT): Message => ({
  type: 'clipboard',
  selection: CLIPBOARD,
  clipboardType,
  data: Buffer.from(text),
});

async function read(pieces: PieceQueue): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all).toString();
}

async function* contentOf(...pieces: (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    if (piece instanceof Error) throw piece;
    yield Buffer.from(piece);
  }
}

describe('the handshake', () => {
  it('answers a host that announces itself, once, and says nothing unprompted', async () => {
    host.announce(QEMU);
    await turn();
    vi.advanceTimersByTime(ANNOUNCE_WAIT_MS + 1);
    await turn();
    expect(host.told()).toMatchObject([{ type: 'announce-capabilities', request: false }]);
    expect(listener.attached).toHaveBeenCalledOnce();
  });

  it('announces and asks where the host waits', async () => {
    vi.advanceTimersByTime(ANNOUNCE_WAIT_MS);
    await turn();
    expect(host.told()).toMatchObject([{ type: 'announce-capabilities', request: true }]);
    host.announce(QEMU, false);
    await turn();
    expect(host.told()).toEqual([]);
    expect(listener.attached).toHaveBeenCalledOnce();
  });

  it('tells that the host has settled after its time', async () => {
    await attach();
    expect(listener.settled).not.toHaveBeenCalled();
    vi.advanceTimersByTime(settleMs);
    expect(listener.settled).toHaveBeenCalledOnce();
  });

  it('ignores clipboard messages before it', async () => {
    host.say({ type: 'clipboard-release', selection: CLIPBOARD });
    await turn();
    expect(listener.release).not.toHaveBeenCalled();
  });
});

describe('grabs', () => {
  it('carry the serial that is expected, and one of the host’s that is out of date is passed over', async () => {
    await attach();
    link.grab('clipboard', [TEXT]);
    link.grab('clipboard', [TEXT, 'image/png']);
    await turn();
    expect(host.told()).toMatchObject([
      { type: 'clipboard-grab', serial: 0, types: [UTF8_TEXT] },
      { type: 'clipboard-grab', serial: 1, types: [UTF8_TEXT, ClipboardType.IMAGE_PNG] },
    ]);
    host.say({ type: 'clipboard-grab', selection: CLIPBOARD, serial: 0, types: [UTF8_TEXT] });
    await turn();
    expect(listener.grab).not.toHaveBeenCalled();
    host.say({ type: 'clipboard-grab', selection: CLIPBOARD, serial: 1, types: [UTF8_TEXT, ClipboardType.FILE_LIST] });
    await turn();
    expect(listener.grab).toHaveBeenCalledWith('clipboard', [TEXT]);
  });

  it('of a host that counts on from where this guest never was break the link, to begin anew', async () => {
    await attach();
    host.say({ type: 'clipboard-grab', selection: CLIPBOARD, serial: 7, types: [UTF8_TEXT] });
    await turn();
    expect(listener.grab).not.toHaveBeenCalled();
    expect(listener.broken).toHaveBeenCalledWith(expect.stringContaining('snapshot'));
  });

  it('cost one message, the last, however many there are while the port takes nothing', async () => {
    await attach();
    host.takes = false;
    link.grab('primary', [TEXT]);
    for (let copy = 0; copy < 1000; copy += 1) link.grab('clipboard', ['image/png']);
    link.grab('clipboard', [TEXT]);
    host.takes = true;
    await turn();
    expect(host.told()).toMatchObject([
      { selection: ClipboardSelection.PRIMARY },
      { selection: CLIPBOARD, serial: 0, types: [UTF8_TEXT] },
    ]);
  });

  it('that hold no type of vdagent’s are a release for the host', async () => {
    await attach();
    link.grab('clipboard', ['text/html']);
    await turn();
    expect(host.told()).toEqual([{ type: 'clipboard-release', selection: CLIPBOARD }]);
  });
});

describe('what a session asks of the host', () => {
  it('arrives in pieces, whole', async () => {
    await attach();
    link.request(1, 'clipboard', TEXT);
    await turn();
    expect(host.told()).toEqual([{ type: 'clipboard-request', selection: CLIPBOARD, clipboardType: UTF8_TEXT }]);
    host.say(data('x'.repeat(100_000)));
    await turn();
    const [content] = listener.answered.mock.calls[0]!;
    expect(content).toMatchObject({ request: 1, type: TEXT, size: 100_000 });
    expect(await read(content.pieces)).toBe('x'.repeat(100_000));
  });

  it('fails on an answer of type NONE, and on an image without bytes', async () => {
    await attach();
    link.request(1, 'clipboard', 'image/png');
    link.request(2, 'clipboard', 'image/png');
    host.say(data('', NONE));
    host.say(data('', ClipboardType.IMAGE_PNG));
    await turn();
    expect(listener.failed.mock.calls).toEqual([
      [1, 'owner-refused'],
      [2, 'owner-refused'],
    ]);
  });

  it('fails after its time, and a late answer of a SPICE client is not taken for the next request’s', async () => {
    await attach(SPICE);
    link.request(1, 'clipboard', TEXT);
    vi.advanceTimersByTime(hostAnswerMs);
    expect(listener.failed.mock.calls).toEqual([[1, 'timed-out']]);
    link.request(2, 'clipboard', TEXT);
    host.say(data('old'));
    host.say(data('new'));
    await turn();
    expect(listener.answered).toHaveBeenCalledOnce();
    const [content] = listener.answered.mock.calls[0]!;
    expect(content.request).toBe(2);
    expect(await read(content.pieces)).toBe('new');
    vi.advanceTimersByTime(LATE_ANSWER_MS);
  });

  it('goes to the next request where QEMU has dropped an answer', async () => {
    await attach(QEMU);
    link.request(1, 'clipboard', TEXT);
    vi.advanceTimersByTime(hostAnswerMs);
    link.request(2, 'clipboard', TEXT);
    host.say(data('new'));
    await turn();
    expect(listener.answered.mock.calls[0]![0].request).toBe(2);
  });

  it('is refused where the host sends more than is allowed', async () => {
    await attach();
    link.close();
    const small = { ...DEFAULT_HOST_LINK_SETTINGS, maxContentBytes: 3 };
    link = new HostLink(listener, {
      logger: silentLogger,
      nextRequest: () => 1,
      settings: () => small,
      timers: NODE_TIMERS,
    });
    host = new FakeHost();
    link.open(host);
    await attach();
    link.request(1, 'clipboard', TEXT);
    host.say(data('four'));
    await turn();
    expect(listener.failed.mock.calls).toEqual([[1, 'too-large']]);
    expect(listener.broken).not.toHaveBeenCalled();
  });

  it('loses what QEMU’s VNC server adds to text', async () => {
    await attach();
    link.request(1, 'clipboard', TEXT);
    host.say(data('one\r\ntwo\0'));
    await turn();
    const [content] = listener.answered.mock.calls[0]!;
    expect(content.size).toBe(7);
    expect(await read(content.pieces)).toBe('one\ntwo');
  });
});

describe('what the host asks of the guest', () => {
  const ask: Message = { type: 'clipboard-request', selection: CLIPBOARD, clipboardType: UTF8_TEXT };

  async function asked(capabilities = QEMU): Promise<number> {
    await attach(capabilities);
    host.say(ask);
    await turn();
    return listener.request.mock.calls[0]![0];
  }

  it('is answered with content', async () => {
    const request = await asked();
    await link.answer(request, { size: 6, pieces: contentOf('abc', 'def') });
    await turn();
    expect(host.told()).toEqual([data('abcdef')]);
  });

  it('is answered with nothing in the way that each kind of host understands', async () => {
    link.answerEmpty(await asked(QEMU));
    await turn();
    expect(host.told()).toEqual([data('', UTF8_TEXT)]);
    host.announce(SPICE);
    await turn();
    host.told();
    listener.request.mockClear();
    host.say(ask);
    await turn();
    link.answerEmpty(listener.request.mock.calls[0]![0]);
    await turn();
    expect(host.told()).toEqual([data('', NONE)]);
  });

  it('is answered with nothing where the content fails before any of it has gone out', async () => {
    const request = await asked();
    await link.answer(request, { size: 6, pieces: contentOf('abc', new Error('the owner died')) });
    await turn();
    expect(host.told()).toEqual([data('')]);
    expect(listener.broken).not.toHaveBeenCalled();
  });

  it('breaks the link where the content fails in the middle, since its size has been told', async () => {
    const request = await asked();
    const large = 'x'.repeat(3 * 1024 * 1024);
    await link.answer(request, { size: large.length + 1, pieces: contentOf(large, new Error('the owner died')) });
    await turn();
    expect(listener.broken).toHaveBeenCalledWith('the owner died');
  });

  it('is answered at once with nothing for a type that we cannot serve', async () => {
    await attach();
    host.say({ ...ask, clipboardType: ClipboardType.FILE_LIST });
    await turn();
    expect(listener.request).not.toHaveBeenCalled();
    expect(host.told()).toEqual([data('', ClipboardType.FILE_LIST)]);
  });

  it('has a bound: a host that asks and asks is disconnected', async () => {
    await attach();
    for (let count = 0; count <= DEFAULT_HOST_LINK_SETTINGS.maxHostRequests; count += 1) host.say(ask);
    await turn();
    expect(listener.broken).toHaveBeenCalledOnce();
  });
});

it('leaves no timer behind when it is idle and when the port closes', async () => {
  await attach();
  vi.advanceTimersByTime(settleMs);
  expect(vi.getTimerCount()).toBe(0);
  link.request(1, 'clipboard', TEXT);
  expect(vi.getTimerCount()).toBe(1);
  link.close();
  expect(vi.getTimerCount()).toBe(0);
  expect(listener.detached).toHaveBeenCalledOnce();
});
