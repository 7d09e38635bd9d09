import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OtherMessageEvent } from '@clipmux/host';
import { Capability, type ChunkPort, MessageType, messageHeader, messageTypeName } from '@clipmux/vdagent';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clipmuxctl, doctor } from '../ctl/clipmuxctl.ts';
import { type Chain, type ChainOptions, startChain } from '../support/chain.ts';
import { guestCopy, hostCopy, hostPaste } from '../support/exchange.ts';
import { until } from '../support/wait.ts';
import { xclipPaste } from '../support/xclip.ts';
import { startXvfb, type Xvfb } from '../support/xvfb.ts';
import { StockAgent } from './stock-agent.ts';

/** Time, in ms, for what includes a restart of the stock daemon: its session agent looks for it once a second. */
const RESTART_MS = 20_000;

const OF_THE_STOCK_DAEMON = ['mouse-state', 'monitors-config', 'reply', 'audio-volume-sync'];
const OWN = ['clipboard-by-demand', 'clipboard-selection', 'max-clipboard', 'clipboard-grab-serial'];

describe('a stock spice-vdagentd behind clipmuxd', () => {
  let xvfb: Xvfb;
  let chain: Chain;
  let stock: StockAgent;
  let heard: OtherMessageEvent[];

  beforeAll(async () => {
    xvfb = await startXvfb();
  });
  afterAll(() => xvfb?.stop());
  afterEach(async () => {
    await stock?.stop();
    await chain?.stop();
  });

  async function start(host: ChainOptions['host'] = { manner: 'spice' }): Promise<void> {
    heard = [];
    chain = await startChain({
      display: xvfb,
      host,
      logLevel: 'trace',
      beforeDaemon: (end) => end.on('message', (event) => heard.push(event)),
    });
    stock = new StockAgent(xvfb, join(chain.directory, 'vdagent.sock'), chain.directory);
  }

  const names = () => chain.host.guestCapabilities?.names() ?? [];
  const merged = () => names().includes('mouse-state');

  /** The host has been told of both. */
  async function both(): Promise<void> {
    await until(merged, `the host to be told of the stock daemon:\n${stock.log}`, RESTART_MS);
    expect(names()).toEqual(expect.arrayContaining(OWN));
  }

  function send(type: number, body: Uint8Array, port: ChunkPort = 1): void {
    const header = messageHeader(type, body.length);
    chain.host.send({ type: 'other', name: messageTypeName(type), header, body }, port);
  }

  async function answer(type: number, matches: (event: OtherMessageEvent) => boolean = () => true) {
    const found = () => heard.find((event) => event.message.header.type === type && matches(event));
    await until(() => found() !== undefined, `${messageTypeName(type)} at the host:\n${stock.log}`);
    return found() as OtherMessageEvent;
  }

  /** A client tells the size of its window; the stock daemon confirms it on the same port. */
  async function resizes(port: ChunkPort = 1): Promise<void> {
    heard = heard.slice(0, 0);
    const events = heard;
    chain.host.on('message', (event) => events.push(event));
    send(MessageType.MONITORS_CONFIG, words(1, 0, 600, 800, 32, 0, 0), port);
    const reply = await answer(MessageType.REPLY);
    expect(Buffer.from(reply.message.body)).toEqual(words(MessageType.MONITORS_CONFIG, 1));
    expect(reply.chunkPort).toBe(port);
  }

  async function copiesAndPastes(text: string): Promise<void> {
    await hostCopy(chain, `host ${text}`);
    expect((await xclipPaste(xvfb, { target: 'UTF8_STRING' })).toString()).toBe(`host ${text}`);
    await guestCopy(chain, `guest ${text}`);
    expect((await hostPaste(chain)).toString()).toBe(`guest ${text}`);
  }

  it('is told nothing of the clipboard, and the host is told of what it does', async () => {
    await start();
    expect(names()).not.toEqual(expect.arrayContaining(['mouse-state']));
    await stock.start();
    await both();
    expect(names()).toEqual(expect.arrayContaining([...OF_THE_STOCK_DAEMON, ...OWN]));
    await copiesAndPastes('with both');
    // One agent owns the selection, ours: the stock one never has a part in it.
    expect(chain.daemon.log).not.toMatch(/relay_to_(stock|host) msg=(clipboard|max-clipboard)/);
    // Its session agent sees every copy; since the host it is shown has no clipboard, the daemon sends none of it.
    expect(chain.daemon.log).not.toMatch(/is kept back/);
  });

  it('confirms a resolution on the chunk port that it came on', async () => {
    await start();
    await stock.start();
    await both();
    await resizes(1);
    await resizes(2);
  });

  it('takes a file that is dropped, byte by byte, while text is copied and pasted', async () => {
    await start();
    await stock.start();
    await both();
    const content = randomBytes(3_000_000);
    const label = `[vdagent-file-xfer]\nname=dropped.bin\nsize=${content.length}\n\0`;
    send(MessageType.FILE_XFER_START, Buffer.concat([words(7), Buffer.from(label)]));
    const status = (result: number) =>
      answer(MessageType.FILE_XFER_STATUS, ({ message }) => words(7, result).equals(Buffer.from(message.body)));
    await status(0);
    for (let at = 0; at < content.length; at += 65_536) {
      const piece = content.subarray(at, at + 65_536);
      send(MessageType.FILE_XFER_DATA, Buffer.concat([words(7, piece.length, 0), piece]));
    }
    await copiesAndPastes('meanwhile');
    await status(3);
    expect((await readFile(join(chain.directory, 'dropped.bin'))).equals(content)).toBe(true);
  });

  it('is told that the client has gone, and goes on with the next one', async () => {
    await start();
    await stock.start();
    await both();
    chain.host.clientDisconnected();
    await chain.daemon.said(/relay_to_stock msg=client-disconnected/);
    chain.host.announce();
    await resizes();
    await copiesAndPastes('next client');
  });

  it('may be restarted: the host is told nothing of it, and it works again', async () => {
    await start();
    await stock.start();
    await both();
    const opened = () => chain.daemon.log.match(/port is open/g)?.length;
    const before = opened();
    const line = chain.daemon.lines;
    await stock.restart();
    await chain.daemon.said(/the stock daemon has gone/, line);
    await chain.daemon.said(/the stock daemon has announced itself/, line);
    await resizes();
    await copiesAndPastes('after its restart');
    expect(opened()).toBe(before);
  });

  it('is gone for good: the host is told, and the clipboard goes on', async () => {
    await start();
    await stock.start();
    await both();
    await stock.stop();
    await until(() => names().length > 0 && !merged(), 'the host to be told that it has gone', RESTART_MS);
    await chain.settled();
    await copiesAndPastes('alone');
  });

  it('bears a restart of clipmuxd, and of the host', async () => {
    await start();
    await stock.start();
    await both();
    await chain.daemon.stop();
    chain.daemon = await chain.startDaemon();
    await until(() => chain.daemon.log.includes('the stock daemon has announced itself'), 'it to be back', RESTART_MS);
    await both();
    await resizes();
    await chain.closeListener();
    await chain.listenAgain();
    await both();
    await resizes();
  });

  it('that stops reading is disconnected, harms nobody, and is taken again when it goes on', async () => {
    await start();
    await stock.start();
    await both();
    stock.signal('SIGSTOP');
    const piece = Buffer.alloc(200_000, 1);
    for (let count = 0; count < 60; count += 1) send(MessageType.FILE_XFER_DATA, piece);
    await copiesAndPastes('while it stands still');
    await chain.daemon.said(/the stock daemon has gone.*it does not read/);
    const line = chain.daemon.lines;
    stock.signal('SIGCONT');
    await chain.daemon.said(/the stock daemon has announced itself/, line);
    await both();
    await resizes();
  });

  it('has QEMU send it the pointer, which QEMU does only where it is told to', async () => {
    await start({ manner: 'qemu' });
    expect(chain.host.guestCapabilities?.has(Capability.MOUSE_STATE)).toBe(false);
    await hostCopy(chain, 'before');
    await stock.start();
    await both();
    // The host offers it again on the new connection.
    const pasted = () => xclipPaste(xvfb, { target: 'UTF8_STRING' }).then(String, () => '');
    await until(async () => (await pasted()) === 'before', 'what the host had copied before');
    send(MessageType.MOUSE_STATE, Buffer.concat([words(100, 200, 0), Buffer.from([0])]));
    await chain.daemon.said(/relay_to_stock msg=mouse-state size=13/);
    await copiesAndPastes('over QEMU');
  });

  it('is shown by the status; without one the doctor says what is lost', async () => {
    await start();
    const socket = join(chain.directory, 'control.sock');
    expect((await clipmuxctl(['status'], { socket })).text).toMatch(/stock agent +not connected to .*vdagent\.sock/);
    const lost = (await doctor({ socket })).findings.get('stock-agent-missing');
    expect(lost).toMatchObject({ severity: 'warning', remedies: expect.stringContaining('agent-mouse=off') });
    await chain.daemon.said(/no stock agent is connected: the pointer/);
    await stock.start();
    await both();
    expect((await clipmuxctl(['status'], { socket })).text).toMatch(/stock agent +connected for .*\(mouse-state/);
    expect((await doctor({ socket })).findings.has('stock-agent-missing')).toBe(false);
  });
});

/** Numbers as they go on the wire. */
function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index);
  return bytes;
}
