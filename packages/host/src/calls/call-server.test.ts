import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { GuestAgentError } from '@clipmux/guest-agent';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HostListener, listen } from '../socket/listen.ts';
import { type Caller, type CallHandler, type GuestNews, HostCallServer } from './call-server.ts';
import { CALL_LINE_BYTES_MAX } from './limits.ts';

let directory: string;
let listener: HostListener;
let server: HostCallServer;
let guest: Socket;
let lines: AsyncIterator<string>;
let callers: Caller[];
let release: () => void;

const HANDLERS = new Map<string, CallHandler>([
  ['echo', (params, { session }) => ({ session, params })],
  ['nothing', () => undefined],
  ['slow', () => new Promise<string>((resolve) => (release = () => resolve('at last')))],
  [
    'wait',
    (_params, caller) => {
      callers.push(caller);
      return new Promise(() => {});
    },
  ],
  [
    'fail',
    () => {
      throw new Error('it does\nnot work');
    },
  ],
  ['busy', () => Promise.reject(new GuestAgentError('CommandNotFound', 'not here'))],
]);

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'clipmux-call-server-'));
  callers = [];
  server = new HostCallServer(HANDLERS);
  const path = join(directory, 'calls.sock');
  listener = await listen(path, server);
  const connected = once(server, 'connected');
  guest = connectSocket(path);
  lines = createInterface(guest)[Symbol.asyncIterator]();
  await connected;
});
afterEach(async () => {
  guest.destroy();
  await listener.close();
  rmSync(directory, { recursive: true });
});

function say(message: object): void {
  guest.write(`${JSON.stringify(message)}\n`);
}

function call(execute: string, number: number, params: object = {}): void {
  say({ execute, arguments: params, id: { session: 3, call: number } });
}

async function heard(): Promise<unknown> {
  for (;;) {
    const line = (await lines.next()).value as string;
    // An empty one means nothing.
    if (line !== '') return JSON.parse(line);
  }
}

describe('a server of calls', () => {
  it('answers by the handler of the method, with the id as it came', async () => {
    call('echo', 17, { a: [1, 'ü'] });
    expect(await heard()).toEqual({
      return: { session: 3, params: { a: [1, 'ü'] } },
      id: { session: 3, call: 17 },
    });
    call('nothing', 18);
    expect(await heard()).toEqual({ return: {}, id: { session: 3, call: 18 } });
  });

  it('carries several out at once: the slow one does not keep the others', async () => {
    call('slow', 1);
    call('echo', 2);
    expect(await heard()).toMatchObject({ id: { call: 2 } });
    release();
    expect(await heard()).toEqual({ return: 'at last', id: { session: 3, call: 1 } });
  });

  it.each([
    ['fail', { class: 'GenericError', desc: 'it does\nnot work' }],
    ['busy', { class: 'CommandNotFound', desc: 'not here' }],
    ['missing', { class: 'CommandNotFound', desc: 'The command missing has not been found' }],
  ])('answers with an error where it cannot: %s', async (method, error) => {
    call(method, 5);
    expect(await heard()).toEqual({ error, id: { session: 3, call: 5 } });
  });

  it('tells the events of the guest', async () => {
    const told = once(server, 'news') as Promise<[GuestNews]>;
    say({ event: 'SESSION_ADDED', data: { session: 3 }, timestamp: { seconds: 5, microseconds: 123_456 } });
    expect(await told).toEqual([{ event: 'SESSION_ADDED', data: { session: 3 }, at: 5123 }]);
  });

  it('aborts the call that the guest says nobody waits for, and no other; it is not answered', async () => {
    call('wait', 1);
    call('wait', 2);
    call('echo', 3);
    await heard();
    const told = once(server, 'news');
    const data = { session: 3, call: 1, reason: 'cancelled' };
    say({ event: 'CALL_ENDED', data, timestamp: { seconds: 5, microseconds: 0 } });
    await told;
    expect(callers.slice(0, 2).map(({ signal }) => signal.aborted)).toEqual([true, false]);
  });

  it('ignores junk, and goes on', async () => {
    let junk = 0;
    server.on('junk', () => {
      junk += 1;
    });
    guest.write('nonsense\n{"execute": "echo"}\n{"execute": "echo", "id": 5}\n[]\n{"a" 1}\n');
    call('echo', 6);
    expect(await heard()).toMatchObject({ id: { call: 6 } });
    expect(junk).toBe(5);
  });

  it.each([
    ['that is half', '{"execute": "echo", "arguments": {"a": ['],
    ['that is half, in a text', '{"execute": "echo", "arguments": {"a": "half'],
    ['with something behind its object', '{"execute": "echo", "arguments": {}, "id": {"session": 3, "call": 5}} {}'],
    [
      'whose beginning was lost, with a call in its parameters, as a program in a session may put it there',
      '"b": {"execute": "echo", "id": {"session": 1, "call": 5}}}, "id": {"session": 3, "call": 5}}',
    ],
    ['that is too long', `{"execute": "echo", "arguments": {"a": "${'x'.repeat(CALL_LINE_BYTES_MAX)}"}}`],
  ])('loses no other line by one %s', async (_what, broken) => {
    let junk = 0;
    server.on('junk', () => {
      junk += 1;
    });
    guest.write(`${broken}\n`);
    call('echo', 6);
    expect(await heard()).toMatchObject({ id: { session: 3, call: 6 } });
    expect(junk).toBe(1);
  });

  it('reads on where the guest was reset in the middle of a line, and its connection goes on', async () => {
    guest.write('{"execute": "echo", "arguments": {"a": [');
    const told = once(server, 'news') as Promise<[GuestNews]>;
    guest.write('\n{"event": "READY", "data": {}, "timestamp": {"seconds": 5, "microseconds": 0}}\n');
    expect((await told)[0]).toMatchObject({ event: 'READY' });
  });

  it('begins with the end of a line, for a guest that holds half of one', async () => {
    expect((await lines.next()).value).toBe('');
  });

  it('tells its handlers when the guest has gone, and takes the next one', async () => {
    call('wait', 1);
    call('echo', 2);
    await heard();
    const gone = once(server, 'disconnected');
    guest.destroy();
    await gone;
    expect(callers[0]?.signal.aborted).toBe(true);
    const connected = once(server, 'connected');
    guest = connectSocket(join(directory, 'calls.sock'));
    lines = createInterface(guest)[Symbol.asyncIterator]();
    await connected;
    call('echo', 1);
    expect(await heard()).toMatchObject({ id: { call: 1 } });
  });
});
