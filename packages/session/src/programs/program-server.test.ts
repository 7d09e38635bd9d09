import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { silentLogger } from '@clipmux/posix';
import { Cancellation, type CancelSignal, type HostCallQuestion, programSocketPath, RpcError } from '@clipmux/rpc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PROGRAM_CONNECTIONS_MAX } from './limits.ts';
import { ProgramServer } from './program-server.ts';

let directory: string;
let path: string;
let server: ProgramServer;
let asked: { question: HostCallQuestion; signal: CancelSignal }[];
let answer: (question: HostCallQuestion) => Promise<unknown>;
const programs: Socket[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'clipmux-programs-'));
  path = programSocketPath({ XDG_RUNTIME_DIR: directory, DISPLAY: ':7.0' });
  asked = [];
  answer = async ({ params }) => params;
  const call = (question: HostCallQuestion, signal: CancelSignal) => {
    asked.push({ question, signal });
    return answer(question);
  };
  server = new ProgramServer(path, call, silentLogger);
});
afterEach(() => {
  for (const program of programs.splice(0)) program.destroy();
  server.close();
  rmSync(directory, { recursive: true });
});

async function program(): Promise<{ socket: Socket; lines: AsyncIterator<string> }> {
  const socket = connect(path);
  programs.push(socket);
  await once(socket, 'connect');
  return { socket, lines: createInterface(socket)[Symbol.asyncIterator]() };
}

const requestOf = (id: number, params: object) =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method: 'host.call', params })}\n`;

it('hands the calls of programs on, and gives each its answer', async () => {
  server.listen();
  const [one, other] = [await program(), await program()];
  one.socket.write(requestOf(1, { method: 'open-url', params: { url: 'x' }, timeoutMs: 500 }));
  expect(JSON.parse((await one.lines.next()).value)).toEqual({
    jsonrpc: '2.0',
    id: 1,
    result: { return: { url: 'x' } },
  });
  answer = () => Promise.reject(new RpcError('not-allowed', 'the configuration does not let sessions call it'));
  other.socket.write(requestOf(9, { method: 'reboot' }));
  expect(JSON.parse((await other.lines.next()).value)).toMatchObject({
    id: 9,
    error: { data: { name: 'not-allowed' } },
  });
  expect(asked.map(({ question }) => question)).toEqual([
    { method: 'open-url', params: { url: 'x' }, timeoutMs: 500 },
    { method: 'reboot', params: {} },
  ]);
});

it('says what is wrong with a call, and goes on', async () => {
  server.listen();
  const { socket, lines } = await program();
  socket.write(`nonsense\n${requestOf(1, { method: 'a b' })}${requestOf(2, { method: 'a' })}`);
  expect(JSON.parse((await lines.next()).value)).toMatchObject({ id: null, error: {} });
  expect(JSON.parse((await lines.next()).value)).toMatchObject({ id: 1, error: { data: { name: 'invalid-params' } } });
  expect(JSON.parse((await lines.next()).value)).toMatchObject({ id: 2, result: { return: {} } });
});

it('takes back the calls of a program that is killed, and no others', async () => {
  server.listen();
  answer = () => new Promise(() => {});
  const [killed, other] = [await program(), await program()];
  killed.socket.write(requestOf(1, { method: 'slow' }));
  await expect.poll(() => asked.length).toBe(1);
  other.socket.write(requestOf(1, { method: 'slow' }));
  await expect.poll(() => asked.length).toBe(2);
  killed.socket.destroy();
  await expect.poll(() => asked[0]?.signal.aborted).toBe(true);
  expect(asked[1]?.signal.aborted).toBe(false);
});

describe('methods of programs', () => {
  const serve = (id: number, ...methods: readonly string[]): string =>
    `${JSON.stringify({ jsonrpc: '2.0', id, method: 'session.serve', params: { methods } })}\n`;
  const answer = (id: unknown, outcome: object): string => `${JSON.stringify({ jsonrpc: '2.0', id, ...outcome })}\n`;

  it('are called on the connection on which the program said that it serves them', async () => {
    server.listen();
    const { socket, lines } = await program();
    socket.write(serve(1, 'choose-file', 'notify'));
    expect(JSON.parse((await lines.next()).value)).toEqual({ jsonrpc: '2.0', id: 1, result: {} });
    const called = server.call({ method: 'notify', params: { text: 'ü' }, timeoutMs: 5000 }, new Cancellation());
    const request = JSON.parse((await lines.next()).value);
    expect(request).toEqual({
      jsonrpc: '2.0',
      id: expect.any(Number),
      method: 'session.call',
      params: { call: 1, method: 'notify', params: { text: 'ü' }, timeoutMs: 5000 },
    });
    // It may call the host meanwhile, on the same connection.
    socket.write(requestOf(2, { method: 'open-url' }));
    expect(JSON.parse((await lines.next()).value)).toMatchObject({ id: 2, result: { return: {} } });
    socket.write(answer(request.id, { result: { return: { shown: true } } }));
    expect(await called).toEqual({ shown: true });
  });

  it('are refused where another program serves them, or they are clipmux’s own, or are none', async () => {
    server.listen();
    const [one, other] = [await program(), await program()];
    one.socket.write(serve(1, 'a'));
    await one.lines.next();
    other.socket.write(serve(1, 'b', 'a') + serve(2, 'b', 'ping') + serve(3, 'session.x') + serve(4) + serve(5, 'a b'));
    const errors = [];
    for (let count = 0; count < 5; count += 1) errors.push(JSON.parse((await other.lines.next()).value).error);
    expect(errors.map(({ data }) => data.name)).toEqual(['already-served', ...Array(4).fill('invalid-params')]);
    expect(errors[1].message).toMatch(/^methods\.1 must not be one of clipmux's own names: "ping" and/);
    await expect(server.call({ method: 'b', params: {} }, new Cancellation())).rejects.toMatchObject({
      name: 'not-served',
    });
  });

  it('are served as docs/guest-agent-host.md shows', async () => {
    const document = readFileSync(new URL('../../../../docs/guest-agent-host.md', import.meta.url), 'utf8');
    const [, section = ''] = /^### By any program$.*?^```\n(.*?)^```$/ms.exec(document) ?? [];
    const said = section.trimEnd().split('\n');
    expect(said.map((line) => line.split('>')[0])).toEqual(
      ['program', 'agent', 'agent', 'program', 'agent', 'agent', 'program'], // as it is played below
    );
    server.listen();
    const { socket, lines } = await program();
    const cancellations = new Map<number, Cancellation>();
    const outcomes: Promise<unknown>[] = [];
    for (const line of said) {
      const text = line.replace(/^\w+> +/, '');
      if (line.startsWith('program')) {
        socket.write(`${text}\n`);
        continue;
      }
      const { method, params } = JSON.parse(text);
      if (method === 'session.call') {
        const { call, ...called } = params;
        const cancellation = new Cancellation();
        cancellations.set(call, cancellation);
        outcomes.push(server.call(called, cancellation).catch(({ name }: Error) => name));
      } else if (method === 'session.cancel') cancellations.get(params.call)?.abort(new RpcError('cancelled', 'so'));
      expect((await lines.next()).value).toBe(text);
    }
    expect(await Promise.all(outcomes)).toEqual(['up 2 hours', 'cancelled']);
  });

  it.each([
    ['says why it cannot', { error: { code: 54, message: 'no display' } }, 'program-error', /error: no display$/],
    ['has an error of its own numbers', { error: { code: -32000, message: 'odd' } }, 'program-error', /-32000: odd$/],
    ['answers with nothing', { result: {} }, 'program-error', /return must be given/],
  ])('whose program %s fail, and the connection goes on', async (_what, outcome, name, message) => {
    server.listen();
    const { socket, lines } = await program();
    socket.write(serve(1, 'a'));
    await lines.next();
    for (let time = 0; time < 2; time += 1) {
      const called = server.call({ method: 'a', params: {} }, new Cancellation());
      const failed = expect(called).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
      socket.write(answer(JSON.parse((await lines.next()).value).id, outcome));
      await failed;
    }
  });

  it('whose program leaves fail at once, and are free for the next', async () => {
    server.listen();
    const [killed, next] = [await program(), await program()];
    killed.socket.write(serve(1, 'a'));
    await killed.lines.next();
    const failed = expect(server.call({ method: 'a', params: {} }, new Cancellation())).rejects.toMatchObject({
      name: 'program-left',
    });
    await killed.lines.next();
    killed.socket.destroy();
    await failed;
    next.socket.write(serve(1, 'a'));
    expect(JSON.parse((await next.lines.next()).value)).toMatchObject({ result: {} });
  });

  it('that are taken back, or too slow, are told to the program; what it answers then is nobody’s', async () => {
    server.listen();
    const { socket, lines } = await program();
    socket.write(serve(1, 'a'));
    await lines.next();
    const cancellation = new Cancellation();
    const back = expect(server.call({ method: 'a', params: {} }, cancellation)).rejects.toMatchObject({
      name: 'cancelled',
    });
    const { id } = JSON.parse((await lines.next()).value);
    cancellation.abort(new RpcError('cancelled', 'the call was taken back'));
    await back;
    const cancelled = { jsonrpc: '2.0', method: 'session.cancel', params: { call: 1 } };
    expect(JSON.parse((await lines.next()).value)).toEqual(cancelled);
    socket.write(answer(id, { result: { return: 'late' } }));
    const late = server.call({ method: 'a', params: {}, timeoutMs: 1 }, new Cancellation());
    await expect(late).rejects.toMatchObject({ name: 'timed-out' });
    expect(JSON.parse((await lines.next()).value)).toMatchObject({ method: 'session.call', params: { call: 2 } });
    expect(JSON.parse((await lines.next()).value)).toEqual({ ...cancelled, params: { call: 2 } });
  });
});

it('is for this user alone, in the place of a dead agent’s socket, and leaves none behind', async () => {
  server.listen();
  await program();
  expect(statSync(join(directory, 'clipmux')).mode & 0o777).toBe(0o700);
  server.close();
  await expect.poll(() => statSync(path, { throwIfNoEntry: false })).toBeUndefined();
  writeFileSync(path, 'what a dead one left');
  server.listen();
  server.listen();
  await program();
});

it('ends its programs’ connections with a reason when it closes', async () => {
  server.listen();
  const { lines } = await program();
  const said = lines.next();
  await new Promise(setImmediate);
  server.close();
  expect(JSON.parse((await said).value)).toMatchObject({ id: null, error: { data: { name: 'shutting-down' } } });
});

it('takes no more programs than it may, and more once one has left', async () => {
  server.listen();
  const all = [];
  for (let number = 0; number < PROGRAM_CONNECTIONS_MAX; number += 1) all.push(await program());
  const refused = connect(path);
  await once(refused, 'close');
  all[0]?.socket.end();
  await once(all[0]?.socket as Socket, 'close');
  const { socket, lines } = await program();
  socket.write(requestOf(1, { method: 'echo' }));
  expect(JSON.parse((await lines.next()).value)).toMatchObject({ id: 1, result: {} });
});

it('does without where there is no such directory', () => {
  expect(() => programSocketPath({ DISPLAY: ':0' })).toThrow(/XDG_RUNTIME_DIR/);
  expect(() => programSocketPath({ XDG_RUNTIME_DIR: '/run/user/1000' })).toThrow(/DISPLAY/);
  expect(programSocketPath({ XDG_RUNTIME_DIR: '/run/user/1000', DISPLAY: 'far/away:10.1' })).toBe(
    '/run/user/1000/clipmux/display-far_away-10.sock',
  );
});
