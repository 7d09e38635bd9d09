import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/processes.ts';
import { until } from '../support/wait.ts';
import { AgentClient, type Reply } from './client.ts';
import { RealQemuGa, StandIn } from './world.ts';

describe('clipmuxd in front of the real qemu-ga', () => {
  const standIn = new StandIn();
  const qemuGa = new RealQemuGa(standIn.directory);
  let client: AgentClient;

  beforeAll(async () => {
    await qemuGa.start();
    await standIn.start([`upstream = "unix:${qemuGa.path}"`], '--guest-agent', `unix:${standIn.path}-2`);
    client = await standIn.connect();
  });

  afterAll(async () => {
    await standIn.stop();
    await qemuGa.stop();
    standIn.remove();
  });

  it('answers in the order of the requests, its own and those of qemu-ga', async () => {
    const commands = [
      'guest-get-time',
      'guest-ping',
      'guest-get-host-name',
      'guest-session-list',
      'guest-nonsense',
      'guest-get-users',
    ];
    const requests = Array.from({ length: 300 }, (_, id) => ({ execute: commands[id % commands.length], id }));
    client.send(requests.map((request) => JSON.stringify(request)).join(''));
    const ids: number[] = [];
    while (ids.length < requests.length) {
      ids.push((JSON.parse((await client.answer()).toString()) as { id: number }).id);
    }
    expect(ids).toEqual(requests.map(({ id }) => id));
  });

  it('gives ten clients, on two sockets, each its own answers', async () => {
    const clients = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        index % 2 === 0 ? standIn.connect() : AgentClient.connect(`${standIn.path}-2`),
      ),
    );
    await Promise.all(
      clients.map(async (each, index) => {
        for (let round = 0; round < 40; round += 1) {
          const id = `${index}-${round}`;
          const command = round % 3 === 0 ? 'guest-ping' : 'guest-get-host-name';
          expect(await each.ask(JSON.stringify({ execute: command, id }))).toMatchObject({ id, return: {} });
        }
      }),
    );
    for (const each of clients) each.close();
  });

  it('serves socat, which ends its half before it reads', async () => {
    const input = '{"execute": "guest-ping", "id": 1}\n{"execute": "guest-get-host-name", "id": 2}\n';
    const { stdout, code } = await run('socat', ['-t', '5', '-', `UNIX-CONNECT:${standIn.path}`], { input });
    expect(code).toBe(0);
    const answers = stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number });
    expect(answers).toMatchObject([{ id: 1 }, { id: 2 }]);
  });

  it('goes on after any junk', async () => {
    const fuzzing = await standIn.connect();
    let seed = 1;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed;
    };
    for (let round = 0; round < 200; round += 1) {
      fuzzing.send(Buffer.from(Array.from({ length: 1 + (random() % 200) }, () => random() % 256)));
    }
    await fuzzing.answersUntilSync();
    expect(await fuzzing.call('guest-get-host-name')).toHaveProperty('host-name');
    fuzzing.close();
  });

  it('passes large files through, both ways', async () => {
    const content = Buffer.alloc(5 * 1024 * 1024, 'clipmux ').toString('base64');
    const handle = await client.call<number>('guest-file-open', { path: join(standIn.directory, 'large'), mode: 'w+' });
    expect(await client.call('guest-file-write', { handle, 'buf-b64': content }, 30_000)).toMatchObject({
      count: 5 * 1024 * 1024,
    });
    await client.call('guest-file-seek', { handle, offset: 0, whence: 'set' });
    const read = await client.call<{ 'buf-b64': string }>(
      'guest-file-read',
      { handle, count: 6 * 1024 * 1024 },
      30_000,
    );
    expect(read['buf-b64'] === content).toBe(true);
    await client.call('guest-file-close', { handle });
  });

  it('fails a command while qemu-ga is away, answers its own, and reaches the qemu-ga that comes back', async () => {
    await qemuGa.stop();
    const { error } = await client.ask('{"execute": "guest-get-host-name", "id": "x"}');
    expect(error?.class).toBe('GenericError');
    expect(error?.desc).toMatch(/the qemu-ga behind clipmuxd cannot be asked/);
    expect(await client.call('guest-ping')).toEqual({});
    const info = await client.call<{ supported_commands: { name: string }[] }>('guest-info');
    expect(info.supported_commands.map(({ name }) => name)).not.toContain('guest-exec');
    await qemuGa.start();
    expect(await client.call('guest-get-host-name')).toHaveProperty('host-name');
  });

  it('fails the command that qemu-ga was at when it was killed, and no other', async () => {
    qemuGa.pause();
    client.send('{"execute": "guest-get-host-name", "id": "stuck"}');
    const other = await standIn.connect();
    other.send('{"execute": "guest-get-host-name", "id": "waits"}');
    await qemuGa.stop('SIGKILL');
    await qemuGa.start();
    const stuck = JSON.parse((await client.answer()).toString()) as Reply;
    expect(stuck).toMatchObject({ id: 'stuck', error: { class: 'GenericError' } });
    expect(await client.call('guest-get-host-name')).toHaveProperty('host-name');
    // The other one may have come while qemu-ga was away.
    expect(JSON.parse((await other.answer()).toString())).toHaveProperty('id', 'waits');
    expect(await other.call('guest-get-host-name')).toHaveProperty('host-name');
  });
});

describe('an answer that is overdue', () => {
  const standIn = new StandIn();
  const qemuGa = new RealQemuGa(standIn.directory);

  afterAll(async () => {
    await standIn.stop();
    await qemuGa.stop('SIGKILL');
    standIn.remove();
  });

  it('is an error; what comes late is dropped', async () => {
    await qemuGa.start();
    await standIn.start([`upstream = "unix:${qemuGa.path}"`, 'upstream-answer = "1s"']);
    const client = await standIn.connect();
    await client.call('guest-get-host-name');
    qemuGa.pause();
    const overdue = await client.ask('{"execute": "guest-get-time", "id": 1}');
    expect(overdue).toMatchObject({ id: 1, error: { class: 'GenericError' } });
    expect(overdue.error?.desc).toContain('did not answer guest-get-time within 1000 ms');
    expect(await client.call('guest-ping')).toEqual({});
    // Now the answer comes, of no use to anybody: it must not become that of the next command.
    const next = client.ask('{"execute": "guest-get-host-name", "id": 2}');
    qemuGa.resume();
    expect(await next).toMatchObject({ id: 2, return: { 'host-name': expect.any(String) } });
  });
});

describe('a clipmuxd whose qemu-ga serves another client', () => {
  it('says so after 5 s and is connected when that one has left', async () => {
    const standIn = new StandIn();
    const qemuGa = new RealQemuGa(standIn.directory);
    mkdirSync(standIn.directory, { recursive: true });
    await qemuGa.start();
    const other = await AgentClient.connect(qemuGa.path);
    await other.call('guest-ping');
    await standIn.start([`upstream = "unix:${qemuGa.path}"`]);
    const client = await standIn.connect();
    const { error } = await client.ask('{"execute": "guest-get-time"}', 15_000);
    expect(error?.desc).toMatch(/did not answer within 5000 ms/);
    other.close();
    await until(async () => (await client.ask('{"execute": "guest-get-time"}', 15_000)).error === undefined, 'qemu-ga');
    await standIn.stop();
    await qemuGa.stop();
    standIn.remove();
  });
});
