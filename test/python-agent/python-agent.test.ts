import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type CloseReason, type ContentHandler, DaemonWire, type HelloParams, RpcError } from '@clipmux/rpc';
import { afterEach, describe, expect, it } from 'vitest';

/** The agent in Python was written from docs/protocol.md alone: that it works with our end of the wire is the test of the document. */

const AGENT = fileURLToPath(new URL('./agent.py', import.meta.url));
const TEXT = 'text/plain;charset=utf-8';
const QUESTION = { selection: 'clipboard', type: TEXT } as const;
const MIB = 1024 * 1024;

type Line = { readonly event: string } & Record<string, unknown>;

class Harness {
  readonly #directory = mkdtempSync(join(tmpdir(), 'clipmux-python-agent-'));
  readonly #server: Server;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly exited: Promise<number | null>;
  readonly closed: Promise<CloseReason>;
  readonly wire: Promise<DaemonWire>;
  /** Grabs that the agent sent, and a way to wait for the next. */
  readonly hello: Promise<HelloParams>;
  readonly grabbed: Promise<unknown>;

  constructor(text: Buffer, handler: ContentHandler, admit: () => void = () => undefined) {
    const socketPath = join(this.#directory, 'session.sock');
    const textPath = join(this.#directory, 'text');
    writeFileSync(textPath, text);
    const events = {
      closed: unresolved<CloseReason>(),
      wire: unresolved<DaemonWire>(),
      hello: unresolved<HelloParams>(),
      grabbed: unresolved<unknown>(),
    };
    this.closed = events.closed.promise;
    this.wire = events.wire.promise;
    this.hello = events.hello.promise;
    this.grabbed = events.grabbed.promise;
    this.#server = createServer((socket) => {
      const wire: DaemonWire = new DaemonWire(socket, {
        'session.hello': (params) => {
          events.hello.resolve(params);
          admit();
          return { session: 12, daemon: { version: 'test' } };
        },
        ready: () => events.wire.resolve(wire),
        'selection.grab': (params) => events.grabbed.resolve(params),
        'selection.release': () => undefined,
        'selection.request': handler,
        closed: (reason) => events.closed.resolve(reason),
      });
    });
    this.#server.listen(socketPath);
    this.#child = spawn('python3', [AGENT, socketPath, textPath], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.exited = once(this.#child, 'exit').then(([code]) => code as number | null);
    const { stdout } = this.#child;
    if (stdout === null) throw new Error('the agent has no standard output');
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  /** The next line that the agent prints. */
  async line(): Promise<Line> {
    const { done, value } = await this.#lines.next();
    if (done) throw new Error('the agent prints nothing more');
    return JSON.parse(value) as Line;
  }

  terminate(): void {
    this.#child.kill('SIGTERM');
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
    this.#server.close();
    await this.exited;
    rmSync(this.#directory, { recursive: true });
  }
}

function unresolved<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function noOwner(): never {
  throw new RpcError('no-owner', 'the host offers nothing');
}

describe('an agent in Python, written from docs/protocol.md', () => {
  let harness: Harness | undefined;
  afterEach(async () => {
    await harness?.stop();
    harness = undefined;
  });

  it('says hello and is given its session', async () => {
    harness = new Harness(Buffer.from('x'), noOwner);
    expect(await harness.hello).toMatchObject({ version: 1, agent: { name: 'python-agent' } });
    expect(await harness.line()).toMatchObject({
      event: 'hello',
      version: 1,
      session: 12,
      limits: { openTransfers: 16 },
    });
    await expect((await harness.wire).ping()).resolves.toBeUndefined();
  });

  it.each([
    ['a text', Buffer.from('grüße, 漢字, 🙂\n')],
    ['an empty text', Buffer.alloc(0)],
    ['a text larger than the window', Buffer.from('0123456789abcdef'.repeat((9 * MIB) / 16))],
  ])('offers %s, and hands it over', async (_what, text) => {
    harness = new Harness(text, noOwner);
    const wire = await harness.wire;
    expect(await harness.grabbed).toEqual({ selection: 'clipboard', types: [TEXT], seen: 0, secret: false });
    const { type, bytes } = await wire.collect(QUESTION, { maxBytes: 16 * MIB });
    expect([type, bytes.length, sha256(bytes)]).toEqual([TEXT, text.length, sha256(text)]);
  });

  it.each([
    ['a text', Buffer.from('from the host')],
    ['an empty text', Buffer.alloc(0)],
    ['a text larger than the window', Buffer.alloc(9 * MIB + 1, 'y')],
  ])('is told of a grab of the host, and asks for %s', async (_what, text) => {
    harness = new Harness(Buffer.from('x'), () => ({ size: text.length, type: TEXT, content: text }));
    const wire = await harness.wire;
    await harness.line();
    wire.notify('selection.grab', { selection: 'primary', serial: 1, types: ['image/png', TEXT] });
    expect(await harness.line()).toEqual({
      event: 'grab',
      selection: 'primary',
      serial: 1,
      types: ['image/png', TEXT],
    });
    expect(await harness.line()).toEqual({ event: 'content', size: text.length, sha256: sha256(text) });
  });

  it('answers with errors of the contract what it cannot give', async () => {
    harness = new Harness(Buffer.from('abcdef'), noOwner);
    const wire = await harness.wire;
    await harness.grabbed;
    const limit = { maxBytes: 5 };
    await expect(wire.collect({ selection: 'clipboard', type: 'image/png' }, limit)).rejects.toMatchObject({
      name: 'type-unavailable',
    });
    await expect(wire.collect(QUESTION, limit)).rejects.toMatchObject({ name: 'too-large', remote: true });
    await harness.line();
    wire.notify('selection.grab', { selection: 'clipboard', serial: 1, types: [] });
    await expect(wire.collect(QUESTION, limit)).rejects.toMatchObject({ name: 'no-owner' });
  });

  it('shows the error when the host has nothing after all', async () => {
    harness = new Harness(Buffer.from('x'), noOwner);
    const wire = await harness.wire;
    await harness.line();
    wire.notify('selection.grab', { selection: 'clipboard', serial: 1, types: [TEXT] });
    expect(await harness.line()).toMatchObject({ event: 'grab' });
    expect(await harness.line()).toEqual({ event: 'failed', selection: 'clipboard', error: 'no-owner' });
  });

  it('says bye when it is stopped', async () => {
    harness = new Harness(Buffer.from('x'), noOwner);
    await harness.line();
    harness.terminate();
    expect(await harness.closed).toEqual({ by: 'peer', name: 'shutting-down', message: 'SIGTERM' });
    expect(await harness.exited).toBe(0);
  });

  it('ends when clipmuxd does, and shows why', async () => {
    harness = new Harness(Buffer.from('x'), noOwner);
    const wire = await harness.wire;
    await harness.line();
    void wire.close(new RpcError('replaced', 'another agent came'));
    expect(await harness.line()).toEqual({ event: 'end', reason: 'another agent came', code: 5, name: 'replaced' });
    expect(await harness.exited).toBe(0);
  });

  it('shows why it is refused', async () => {
    harness = new Harness(Buffer.from('x'), noOwner, () => {
      throw new RpcError('denied', 'not this user');
    });
    expect(await harness.line()).toMatchObject({ event: 'refused', code: 3, data: { name: 'denied' } });
    expect(await harness.line()).toMatchObject({ event: 'end', name: 'denied' });
    expect(await harness.exited).toBe(0);
  });
});
