import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { silentLogger } from '@clipmux/posix';
import { type CancelSignal, type HostCallQuestion, programSocketPath, RpcError } from '@clipmux/rpc';
import { afterEach, beforeEach, expect, it } from 'vitest';
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

const request = (id: number, params: object) =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method: 'host.call', params })}\n`;

it('hands the calls of programs on, and gives each its answer', async () => {
  server.listen();
  const [one, other] = [await program(), await program()];
  one.socket.write(request(1, { method: 'open-url', params: { url: 'x' }, timeoutMs: 500 }));
  expect(JSON.parse((await one.lines.next()).value)).toEqual({
    jsonrpc: '2.0',
    id: 1,
    result: { return: { url: 'x' } },
  });
  answer = () => Promise.reject(new RpcError('not-allowed', 'the configuration does not let sessions call it'));
  other.socket.write(request(9, { method: 'reboot' }));
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
  socket.write(`nonsense\n${request(1, { method: 'a b' })}${request(2, { method: 'a' })}`);
  expect(JSON.parse((await lines.next()).value)).toMatchObject({ id: null, error: {} });
  expect(JSON.parse((await lines.next()).value)).toMatchObject({ id: 1, error: { data: { name: 'invalid-params' } } });
  expect(JSON.parse((await lines.next()).value)).toMatchObject({ id: 2, result: { return: {} } });
});

it('takes back the calls of a program that is killed, and no others', async () => {
  server.listen();
  answer = () => new Promise(() => {});
  const [killed, other] = [await program(), await program()];
  killed.socket.write(request(1, { method: 'slow' }));
  await expect.poll(() => asked.length).toBe(1);
  other.socket.write(request(1, { method: 'slow' }));
  await expect.poll(() => asked.length).toBe(2);
  killed.socket.destroy();
  await expect.poll(() => asked[0]?.signal.aborted).toBe(true);
  expect(asked[1]?.signal.aborted).toBe(false);
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
  socket.write(request(1, { method: 'echo' }));
  expect(JSON.parse((await lines.next()).value)).toMatchObject({ id: 1, result: {} });
});

it('does without where there is no such directory', () => {
  expect(() => programSocketPath({ DISPLAY: ':0' })).toThrow(/XDG_RUNTIME_DIR/);
  expect(() => programSocketPath({ XDG_RUNTIME_DIR: '/run/user/1000' })).toThrow(/DISPLAY/);
  expect(programSocketPath({ XDG_RUNTIME_DIR: '/run/user/1000', DISPLAY: 'far/away:10.1' })).toBe(
    '/run/user/1000/clipmux/display-far_away-10.sock',
  );
});
