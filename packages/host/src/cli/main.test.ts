import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { ScriptedGuest } from '../testing.ts';
import { main } from './main.ts';

const directory = mkdtempSync(join(tmpdir(), 'clipmux-host-cli-'));
afterAll(() => rmSync(directory, { recursive: true }));
let count = 0;
const freshPath = (): string => join(directory, `file-${count++}`);

/** A run of the program in this process. */
class Run {
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly #controller = new AbortController();
  readonly #out: Buffer[] = [];
  readonly #err: Buffer[] = [];
  readonly status: Promise<number>;

  constructor(argv: readonly string[], stdin = '') {
    this.stdout.on('data', (bytes: Buffer) => this.#out.push(bytes));
    this.stderr.on('data', (bytes: Buffer) => this.#err.push(bytes));
    const { stdout, stderr } = this;
    const io = { stdin: Readable.from([Buffer.from(stdin)]), stdout, stderr, ended: this.#controller.signal };
    this.status = main(argv, io);
  }

  end(): void {
    this.#controller.abort();
  }

  get out(): string {
    return Buffer.concat(this.#out).toString();
  }

  get err(): string {
    return Buffer.concat(this.#err).toString();
  }
}

/** A guest on a socket that the program listens on; tries until it does. */
async function guestAt(path: string): Promise<ScriptedGuest> {
  for (;;) {
    const socket = connect(path);
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (!connected) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      continue;
    }
    const guest = new ScriptedGuest(socket);
    await guest.shakeHands();
    return guest;
  }
}

/** What the guest is answered when it asks for this type of CLIPBOARD. */
async function pasteOf(guest: ScriptedGuest, clipboardType: number): Promise<Buffer> {
  guest.send({ type: 'clipboard-request', selection: 0, clipboardType });
  return Buffer.from((await guest.hear('clipboard')).data);
}

describe('copy', () => {
  test('offers the standard input as text and serves it until it is ended: status 0', async () => {
    const socket = freshPath();
    const run = new Run(['--socket', socket, '--listen', 'copy'], 'from stdin');
    const guest = await guestAt(socket);
    expect(await guest.hear('clipboard-grab')).toMatchObject({ selection: 0, types: [1] });
    for (let round = 0; round < 2; round++) {
      guest.send({ type: 'clipboard-request', selection: 0, clipboardType: 1 });
      expect(Buffer.from((await guest.hear('clipboard')).data).toString()).toBe('from stdin');
    }
    run.end();
    await guest.hear('clipboard-release');
    expect(await run.status).toBe(0);
    expect(run.out + run.err).toBe('');
  });

  test('offers files by type in PRIMARY, connecting to a VMM that listens', async () => {
    const [socket, png, text] = [freshPath(), freshPath(), freshPath()];
    writeFileSync(png, 'a png');
    writeFileSync(text, 'a text');
    const server = createServer().listen(socket);
    await once(server, 'listening');
    const arrival = once(server, 'connection');
    const types = ['--type', `image/png=${png}`, '--type', `text/plain;charset=utf-8=${text}`];
    const run = new Run(['--socket', socket, '--selection', 'primary', ...types, 'copy']);
    const guest = new ScriptedGuest((await arrival)[0]);
    await guest.shakeHands();
    expect(await guest.hear('clipboard-grab')).toMatchObject({ selection: 1, types: [2, 1] });
    guest.send({ type: 'clipboard-request', selection: 1, clipboardType: 2 });
    expect(Buffer.from((await guest.hear('clipboard')).data).toString()).toBe('a png');
    run.end();
    expect(await run.status).toBe(0);
    server.close();
  });

  test('leaves with status 0 when the guest takes the selection over', async () => {
    const socket = freshPath();
    const run = new Run(['--socket', socket, '--listen', 'copy'], 'x');
    const guest = await guestAt(socket);
    await guest.hear('clipboard-grab');
    guest.send({ type: 'clipboard-grab', selection: 0, serial: 1, types: [1] });
    expect(await run.status).toBe(0);
  });

  test('with --once it leaves after the first paste was served whole', async () => {
    const socket = freshPath();
    const file = freshPath();
    writeFileSync(file, Buffer.alloc(4 * 1024 * 1024, 'x'));
    const run = new Run(['--socket', socket, '--listen', '--once', 'copy', file]);
    const guest = await guestAt(socket);
    await guest.hear('clipboard-grab');
    guest.send({ type: 'clipboard-request', selection: 0, clipboardType: 1 });
    expect((await guest.hear('clipboard')).data).toHaveLength(4 * 1024 * 1024);
    expect(await run.status).toBe(0);
  });

  test('gives up with status 4 if no guest comes in time', async () => {
    const run = new Run(['--socket', freshPath(), '--listen', '--timeout', '0.01', 'copy'], 'x');
    expect(await run.status).toBe(4);
    expect(run.err).toMatch(/no guest/);
  });

  test('takes a file for text where --type names others', async () => {
    const [socket, text, png] = [freshPath(), freshPath(), freshPath()];
    writeFileSync(text, 'text');
    writeFileSync(png, 'picture');
    const run = new Run(['--socket', socket, '--listen', '--type', `image/png=${png}`, 'copy', text]);
    const guest = await guestAt(socket);
    expect(await guest.hear('clipboard-grab')).toMatchObject({ types: [2, 1] });
    expect((await pasteOf(guest, 1)).toString()).toBe('text');
    expect((await pasteOf(guest, 2)).toString()).toBe('picture');
    run.end();
    expect(await run.status).toBe(0);
  });

  test('offers what a pipe has, and what says that it is empty and is not', async () => {
    const pipe = freshPath();
    execFileSync('mkfifo', [pipe]);
    for (const [file, expected] of [
      [pipe, 'from a pipe'],
      ['/proc/sys/kernel/ostype', 'Linux\n'],
    ] as const) {
      const socket = freshPath();
      const run = new Run(['--socket', socket, '--listen', 'copy', file]);
      if (file === pipe) await writeFile(pipe, 'from a pipe');
      const guest = await guestAt(socket);
      await guest.hear('clipboard-grab');
      for (let round = 0; round < 2; round++) expect((await pasteOf(guest, 1)).toString()).toBe(expected);
      run.end();
      expect(await run.status).toBe(0);
    }
  });

  test('a pipe into which nobody writes is waited for until it is ended', async () => {
    const pipe = freshPath();
    execFileSync('mkfifo', [pipe]);
    const program = join(import.meta.dirname, '../clipmux-host.ts');
    const args = ['--import', 'tsx', program, '--socket', freshPath(), '--listen', 'copy', pipe];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = once(child, 'exit');
    // A pipe can be opened for writing, without waiting, once somebody has it open for reading.
    let writer: number | undefined;
    await vi.waitUntil(
      () => {
        try {
          writer = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
        } catch {}
        return writer !== undefined;
      },
      { timeout: 20_000 },
    );
    child.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
    if (writer !== undefined) closeSync(writer);
  }, 30_000);

  test('a folder is a failure at once; of a file that goes later it is told', async () => {
    const folder = new Run(['--socket', freshPath(), '--listen', 'copy', directory]);
    expect(await folder.status).toBe(1);
    expect(folder.err).toContain('is a folder');
    const [socket, file] = [freshPath(), freshPath()];
    writeFileSync(file, 'gone soon');
    const run = new Run(['--socket', socket, '--listen', 'copy', file]);
    const guest = await guestAt(socket);
    await guest.hear('clipboard-grab');
    rmSync(file);
    expect((await pasteOf(guest, 1)).length).toBe(0);
    expect(run.err).toMatch(/a paste was answered with nothing: ENOENT/);
    run.end();
    expect(await run.status).toBe(0);
  });

  test('a file that is not there is a failure at once', async () => {
    const run = new Run(['--socket', freshPath(), '--listen', 'copy', '/nonexistent']);
    expect(await run.status).toBe(1);
    expect(run.err).toContain('/nonexistent');
  });
});

describe('paste', () => {
  test('writes the text that the guest offers, byte for byte', async () => {
    const socket = freshPath();
    const run = new Run(['--socket', socket, '--listen', 'paste']);
    const guest = await guestAt(socket);
    guest.send({ type: 'clipboard-grab', selection: 0, serial: 0, types: [2, 1] });
    expect(await guest.hear('clipboard-request')).toMatchObject({ selection: 0, clipboardType: 1 });
    guest.send({ type: 'clipboard', selection: 0, clipboardType: 1, data: Buffer.from('no newline added: é') });
    expect(await run.status).toBe(0);
    expect(run.out).toBe('no newline added: é');
  });

  test('writes an image to a file', async () => {
    const [socket, output] = [freshPath(), freshPath()];
    const run = new Run([
      '--socket',
      socket,
      '--listen',
      '--selection',
      'primary',
      '--type',
      'image/png',
      '--output',
      output,
      'paste',
    ]);
    const guest = await guestAt(socket);
    guest.send({ type: 'clipboard-grab', selection: 1, serial: 0, types: [2] });
    await guest.hear('clipboard-request');
    const data = Buffer.alloc(100_000, 'png');
    guest.send({ type: 'clipboard', selection: 1, clipboardType: 2, data });
    expect(await run.status).toBe(0);
    expect(Buffer.compare(readFileSync(output), data)).toBe(0);
  });

  test('nothing offered is status 3, and so is another type', async () => {
    const socket = freshPath();
    const run = new Run(['--socket', socket, '--listen', '--type', 'image/png', 'paste']);
    const guest = await guestAt(socket);
    guest.send({ type: 'clipboard-grab', selection: 0, serial: 0, types: [1] });
    expect(await run.status).toBe(3);
    expect(run.err).toContain('text/plain;charset=utf-8');
    const other = freshPath();
    const empty = new Run(['--socket', other, '--listen', 'paste']);
    await guestAt(other);
    expect(await empty.status).toBe(3);
    expect(empty.err).toContain('owns nothing');
  });

  test('a guest that does not answer is status 4', async () => {
    const socket = freshPath();
    const run = new Run(['--socket', socket, '--listen', '--timeout', '0.3', 'paste']);
    const guest = await guestAt(socket);
    guest.send({ type: 'clipboard-grab', selection: 0, serial: 0, types: [1] });
    expect(await run.status).toBe(4);
  });

  test('with --wait it waits for the guest to copy something', async () => {
    const socket = freshPath();
    const run = new Run(['--socket', socket, '--listen', '--wait', '--timeout', '0.2', 'paste']);
    await guestAt(socket);
    expect(await run.status).toBe(4);
    expect(run.err).toContain('nothing was copied');
  });

  test('a socket on which nobody listens is a failure', async () => {
    const run = new Run(['--socket', freshPath(), 'paste']);
    expect(await run.status).toBe(1);
    expect(run.err).toMatch(/there is no socket .*: start the virtual machine that has it, or listen there .*--listen/);
  });

  test('a guest that goes is a failure, not a wait', async () => {
    const socket = freshPath();
    const run = new Run(['--socket', socket, '--listen', '--wait', '--timeout', '0', 'paste']);
    const guest = await guestAt(socket);
    guest.stream.destroy();
    expect(await run.status).toBe(1);
    expect(run.err).toContain('disconnected');
  });

  test('being ended while waiting is status 0', async () => {
    const run = new Run(['--socket', freshPath(), '--listen', '--timeout', '0', 'paste']);
    run.end();
    expect(await run.status).toBe(0);
    expect(run.err).toBe('');
  });
});

describe('watch', () => {
  test('prints a line for each event, with types and sizes, never content', async () => {
    for (const json of [false, true]) {
      const socket = freshPath();
      const run = new Run(['--socket', socket, '--listen', ...(json ? ['--json'] : []), 'watch']);
      const guest = await guestAt(socket);
      guest.send({ type: 'clipboard-grab', selection: 1, serial: 0, types: [1, 2] });
      guest.send({ type: 'clipboard', selection: 1, clipboardType: 1, data: Buffer.from('secret') });
      guest.send({ type: 'clipboard-release', selection: 1 });
      while (!run.out.includes('released')) await once(run.stdout, 'data');
      guest.stream.destroy();
      while (!run.out.includes('disconnected')) await once(run.stdout, 'data');
      run.end();
      expect(await run.status).toBe(0);
      expect(run.out).not.toContain('secret');
      const lines = run.out.trimEnd().split('\n');
      if (json) {
        const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
        expect(events.map(({ event }) => event)).toEqual([
          'connected',
          'capabilities',
          'grabbed',
          'data',
          'released',
          'disconnected',
        ]);
        expect(events[2]).toMatchObject({
          selection: 'primary',
          types: ['text/plain;charset=utf-8', 'image/png'],
          serial: 0,
        });
        expect(events[3]).toMatchObject({ size: 6, expected: false });
      } else {
        expect(lines[2]).toMatch(/^\S+ grabbed selection=primary types=text\/plain;charset=utf-8,image\/png serial=0$/);
      }
    }
  });
});

describe('the rest', () => {
  test('--help and --version', async () => {
    const help = new Run(['--help']);
    expect(await help.status).toBe(0);
    expect(help.out).toContain('Exit status');
    const version = new Run(['--version']);
    expect(await version.status).toBe(0);
    expect(version.out).toMatch(/^clipmux-host \d+\.\d+\.\d+\n$/);
  });

  test('a reader that has closed our output is no failure, and one that is full is one without a stack', async () => {
    const program = join(import.meta.dirname, '../clipmux-host.ts');
    const shell = (line: string) =>
      spawnSync('bash', ['-c', `set -o pipefail; ${process.execPath} --import tsx ${program} --help ${line}`], {
        encoding: 'utf8',
      });
    expect(shell('| true')).toMatchObject({ status: 0, stderr: '' });
    const full = shell('>/dev/full');
    expect(full.status).toBe(1);
    expect(full.stderr).toMatch(/^clipmux-host: .*ENOSPC.*\n$/);
  });

  test('wrong usage is status 2 and points to the help', async () => {
    const run = new Run(['frobnicate']);
    expect(await run.status).toBe(2);
    expect(run.err).toContain('frobnicate');
    expect(run.err).toContain('--help');
  });
});
