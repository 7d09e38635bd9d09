/** clipmux-host as a client of any guest agent: the real qemu-ga, and one that is made up. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/processes.ts';
import { RealQemuGa } from './world.ts';

const PROGRAM = join(import.meta.dirname, '../../dist/clipmux-host.cjs');

const directory = mkdtempSync(join(tmpdir(), 'clipmux-host-agent-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function host(path: string, ...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const { code, stdout, stderr } = await run(process.execPath, [PROGRAM, '--socket', path, ...args]);
  return { code, out: stdout.toString(), err: stderr };
}

describe('clipmux-host and the real qemu-ga', () => {
  const qemuGa = new RealQemuGa(directory);
  beforeAll(() => qemuGa.start());
  afterAll(() => qemuGa.stop());

  it('exchange numbers of any size', async () => {
    for (const command of ['guest-sync', 'guest-sync-delimited']) {
      expect(await host(qemuGa.path, 'call', command, '{"id": -9223372036854775807}')).toEqual({
        code: 0,
        out: '-9223372036854775807\n',
        err: '',
      });
    }
    const { code, out } = await host(qemuGa.path, 'call', 'guest-get-time');
    expect([code, out]).toEqual([0, expect.stringMatching(/^\d{19}\n$/)]);
  });

  it('part after the time that was given, also while they come into step', async () => {
    qemuGa.pause();
    try {
      const begun = performance.now();
      expect(await host(qemuGa.path, 'call', 'guest-ping', '--timeout', '0.5')).toEqual({
        code: 4,
        out: '',
        err: 'clipmux-host: the guest agent did not answer within 500 ms, so guest-ping was not sent: is it running?\n',
      });
      expect(performance.now() - begun).toBeLessThan(4_500);
      // Longer than the 5 s after which it tries again.
      const patient = host(qemuGa.path, 'call', 'guest-ping', '--timeout', '30');
      setTimeout(() => qemuGa.resume(), 6_000);
      expect(await patient).toEqual({ code: 0, out: '{}\n', err: '' });
    } finally {
      qemuGa.resume();
    }
  });
});

describe('clipmux-host and an agent that does not answer some commands', () => {
  const path = join(directory, 'made-up.sock');
  let server: Server;
  const said: string[] = [];

  beforeAll(async () => {
    server = createServer((socket) => {
      socket.on('error', () => {});
      let rest = '';
      socket.on('data', (bytes: Buffer) => {
        const lines = (rest + bytes.toString('latin1')).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const { execute, arguments: given } = JSON.parse(line.replaceAll('\u00ff', ''));
          said.push(execute);
          if (execute === 'guest-sync-delimited') {
            socket.write(Buffer.from(`\u00ff{"return": ${given.id}}\n`, 'latin1'));
          } else if (execute === 'guest-info') {
            const commands = [{ name: 'guest-vanish', enabled: true, 'success-response': false }];
            socket.write(`${JSON.stringify({ return: { version: '9', supported_commands: commands } })}\n`);
          }
        }
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(path, resolve);
    });
  });
  afterAll(() => {
    server.close();
  });

  it('know from guest-info which: status 0, and nothing is printed', async () => {
    expect(await host(path, 'call', 'guest-vanish')).toEqual({ code: 0, out: '', err: '' });
    expect(said).toEqual(['guest-sync-delimited', 'guest-info', 'guest-vanish', 'guest-sync-delimited']);
  });

  it('part over others, with status 4 and word of what is not known', async () => {
    expect(await host(path, 'call', 'guest-exec', '--timeout', '0.3')).toEqual({
      code: 4,
      out: '',
      err: 'clipmux-host: the guest agent did not answer guest-exec within 300 ms: whether it was carried out is unknown\n',
    });
  });
});
