import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@clipmux/posix';
import { afterEach, describe, expect, it } from 'vitest';
import { CLIENTS_MAX } from '../limits.ts';
import type { MessageAnswerer } from './channel.ts';
import { ListeningPort, type ListeningPortOptions } from './listening-port.ts';

const ECHO: MessageAnswerer = { answer: ({ raw }, _signal, done) => done(`${raw.toString()}\n`) };
const OWN_UID = 4000;
const GROUP = 4001;

const directory = mkdtempSync(join(tmpdir(), 'clipmux-listening-'));
const path = join(directory, 'sock');
let port: ListeningPort | undefined;
const lines: string[] = [];

async function listen(options: Partial<ListeningPortOptions> = {}): Promise<ListeningPort> {
  lines.length = 0;
  const logger = createLogger({ name: 'test', write: (line) => lines.push(line), journald: true });
  port = new ListeningPort(path, { answerer: ECHO, logger, ownUid: OWN_UID, group: null, ...options });
  await port.start();
  return port;
}

const peer = (uid: number, groups: readonly number[] = []) => ({ peerOf: () => ({ pid: 1, uid, gid: uid, groups }) });

/** All that a client that sends one message is answered. */
async function say(message = '{"a":1}'): Promise<string> {
  const client = connect({ path, allowHalfOpen: true });
  client.end(message);
  let text = '';
  for await (const bytes of client) text += String(bytes);
  return text;
}

afterEach(async () => {
  await port?.stop();
  rmSync(path, { force: true });
});

describe('ListeningPort', () => {
  it.each([
    ['root', peer(0), null],
    ['clipmuxd’s own user', peer(OWN_UID), null],
    ['a member of the group', peer(1000, [GROUP]), GROUP],
  ])('serves %s', async (_, who, group) => {
    await listen({ ...who, group: null, ...(group === null ? {} : { group }) });
    expect(await say()).toBe('{"a":1}\n');
  });

  it('tells others, in qemu-ga’s way, that they may not, and logs who they are', async () => {
    await listen(peer(1000));
    expect(JSON.parse(await say())).toEqual({
      error: { class: 'GenericError', desc: expect.stringMatching(/^uid 1000 may not/) },
    });
    expect(lines.join('')).toContain('a client of the guest agent was turned away uid=1000');
    expect(port?.clients).toBe(0);
  });

  it('turns away one client too many, and takes the next when one has left', async () => {
    const listening = await listen(peer(0));
    const clients = Array.from({ length: CLIENTS_MAX }, () => connect(path));
    await Promise.all(clients.map((client) => new Promise((resolve) => client.once('connect', resolve))));
    expect(await say()).toMatch(/there are 32 clients already/);
    expect(listening.clients).toBe(CLIENTS_MAX);
    const [first] = clients;
    first?.destroy();
    await new Promise((resolve) => first?.once('close', resolve));
    for (let attempt = 0; attempt < 100 && listening.clients === CLIENTS_MAX; attempt += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await say()).toBe('{"a":1}\n');
    for (const client of clients) client.destroy();
  });

  it('keeps its socket from all who are not in its group, by the kernel', async () => {
    await listen(peer(0));
    expect(statSync(path).mode & 0o777).toBe(0o660);
  });

  it('does not take the place of a file', async () => {
    writeFileSync(path, 'precious');
    await expect(listen()).rejects.toThrow('is no socket');
    port = undefined;
  });

  it('ends its clients when it stops', async () => {
    const listening = await listen(peer(0));
    const client = connect(path);
    await new Promise((resolve) => client.once('connect', resolve));
    const closed = new Promise((resolve) => client.once('close', resolve));
    client.resume();
    await listening.stop();
    port = undefined;
    await closed;
  });
});
