import { once } from 'node:events';
import type { Socket } from 'node:net';
import { MessageReader } from '@clipmux/guest-agent';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTerminalDevice, type TerminalDevice } from '../../packages/posix/src/testing/terminal-device.ts';
import { Program } from '../support/chain.ts';
import { until, within } from '../support/wait.ts';
import { StandIn } from './world.ts';

/** The next answer that the host's end of a device gets. */
async function answerAt(host: Socket): Promise<unknown> {
  const answers: unknown[] = [];
  const reader = new MessageReader({ message: ({ raw }) => answers.push(JSON.parse(raw.toString())), junk: () => {} });
  host.resume();
  while (answers.length === 0) reader.push(((await within(once(host, 'data'), 'an answer')) as [Buffer])[0]);
  return answers[0];
}

describe('clipmuxd on a character device, as qemu-ga on its virtio port', () => {
  const standIn = new StandIn();
  const devices: TerminalDevice[] = [];
  let daemon: Program;

  beforeAll(async () => {
    devices.push(await createTerminalDevice());
    const path = devices[0]?.path ?? '';
    daemon = new Program('clipmuxd', [
      '-m',
      'virtio-serial',
      '-p',
      path,
      '-t',
      standIn.directory,
      '--no-logind',
      '--port',
      'unix:/nonexistent',
    ]);
    await daemon.said(/ ready /);
  });

  afterAll(async () => {
    await daemon.stop();
    for (const device of devices) device.remove();
    standIn.remove();
  });

  it('answers', async () => {
    const { host } = devices[0] as TerminalDevice;
    host.write("{'execute': 'guest-ping', 'id': 1}");
    expect(await answerAt(host)).toEqual({ return: {}, id: 1 });
  });

  it('goes on when the host has gone, and ends with 0 on SIGTERM', async () => {
    const from = daemon.lines;
    (devices[0] as TerminalDevice).host.destroy();
    await daemon.said(/port is closed/, from);
    // It looks for its host again and again, and nothing else happens.
    await until(() => /port (cannot be opened|waits for the host)/.test(daemon.log), 'clipmuxd to look for its host');
    expect(daemon.process.exitCode).toBeNull();
    daemon.process.kill('SIGTERM');
    expect(await daemon.exit()).toBe(0);
  });
});
