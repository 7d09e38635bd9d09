import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonMessage } from '@clipmux/guest-agent';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WAITING_BYTES_MAX } from '../limits.ts';
import { type Answer, Channel, type MessageAnswerer } from './channel.ts';

/** Answers when the test says so. */
class SlowAnswerer implements MessageAnswerer {
  readonly asked: { raw: string; signal: AbortSignal; done: (answer: Answer) => void }[] = [];
  #waiting: (() => void)[] = [];

  answer({ raw }: JsonMessage, signal: AbortSignal, done: (answer: Answer) => void): void {
    this.asked.push({ raw: raw.toString(), signal, done });
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async reached(count: number): Promise<void> {
    while (this.asked.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

/** Sends each message back. */
const ECHO: MessageAnswerer = { answer: ({ raw }, _signal, done) => done(`${raw.toString()}\n`) };

const directory = mkdtempSync(join(tmpdir(), 'clipmux-channel-'));
const path = join(directory, 'socket');
let closers: (() => void)[] = [];

async function channelWith(answerer: MessageAnswerer): Promise<{ client: Socket; server: Socket; channel: Channel }> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(path);
  await once(server, 'listening');
  const client = connect({ path, allowHalfOpen: true });
  const [socket] = (await once(server, 'connection')) as [Socket];
  const channel = new Channel(socket, { answerer });
  closers.push(() => {
    client.destroy();
    channel.close();
    server.close();
  });
  return { client, server: socket, channel };
}

async function readAll(client: Socket): Promise<string> {
  let text = '';
  for await (const bytes of client) text += String(bytes);
  return text;
}

beforeEach(() => {
  closers = [];
});

afterEach(() => {
  for (const close of closers) close();
  rmSync(path, { force: true });
});

describe('Channel', () => {
  it('answers in the order of the requests, one after another, junk included', async () => {
    const answerer = new SlowAnswerer();
    const { client } = await channelWith(answerer);
    client.end('{"a":1}@\n{"a":2}');
    await answerer.reached(1);
    expect(answerer.asked).toHaveLength(1);
    answerer.asked[0]?.done('first\n');
    await answerer.reached(2);
    answerer.asked[1]?.done('second\n');
    expect(await readAll(client)).toBe(
      'first\n{"error": {"class": "GenericError", "desc": "JSON parse error, stray \'@\'"}}\nsecond\n',
    );
  });

  it('sends nothing for a command without an answer, and goes on', async () => {
    const answerer = new SlowAnswerer();
    const { client } = await channelWith(answerer);
    client.end('{"a":1}{"a":2}');
    await answerer.reached(1);
    answerer.asked[0]?.done(null);
    await answerer.reached(2);
    answerer.asked[1]?.done('second\n');
    expect(await readAll(client)).toBe('second\n');
  });

  it('answers a client that ends its half before it reads', async () => {
    const { client } = await channelWith(ECHO);
    client.end('{"a":1}\n'.repeat(1000));
    expect(await readAll(client)).toBe('{"a":1}\n'.repeat(1000));
  });

  it('tells that nobody waits any more when the client has gone', async () => {
    const answerer = new SlowAnswerer();
    const { client, channel } = await channelWith(answerer);
    client.write('{"a":1}');
    await answerer.reached(1);
    const [asked] = answerer.asked;
    expect(asked?.signal.aborted).toBe(false);
    channel.close();
    expect(asked?.signal.aborted).toBe(true);
    asked?.done('nobody reads this\n');
  });

  it('reads no further from a client that does not read its answers, and goes on when it does', async () => {
    let answered = 0;
    const { client, server } = await channelWith({
      answer: (message, signal, done) => {
        answered += 1;
        ECHO.answer(message, signal, done);
      },
    });
    const request = `{"a":"${'x'.repeat(100_000)}"}\n`;
    client.pause();
    let sent = 0;
    // Until nothing is taken any more.
    for (; sent < 400; sent += 1) {
      if (client.write(request)) continue;
      const drained = await Promise.race([once(client, 'drain'), new Promise((resolve) => setTimeout(resolve, 200))]);
      if (drained === undefined) break;
    }
    expect(sent).toBeLessThan(400);
    expect(server.isPaused()).toBe(true);
    expect(answered).toBeLessThan(sent);
    expect(server.writableLength).toBeLessThan(WAITING_BYTES_MAX);
    client.end();
    client.resume();
    const text = await readAll(client);
    expect(text.length).toBe(request.length * (sent + 1));
  });
});
