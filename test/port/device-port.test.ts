import { once } from 'node:events';
import { rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CharacterDeviceTransport, PortKeeper } from '../../packages/multiplexer/src/port/index.ts';
import { createTerminalDevice, type TerminalDevice } from '../../packages/posix/src/testing/terminal-device.ts';
import { until, within } from '../support/wait.ts';

// A pseudo-terminal behaves as a virtio port does where it matters here; the real one is tried in test/vm.
let path: string;
let keeper: PortKeeper;
const devices: TerminalDevice[] = [];

beforeEach(() => {
  path = join(tmpdir(), `clipmux-device-port-${process.pid}`);
  rmSync(path, { force: true });
  keeper = new PortKeeper({ transport: new CharacterDeviceTransport(path) });
});

afterEach(() => {
  keeper.stop();
  for (const device of devices.splice(0)) device.remove();
  rmSync(path, { force: true });
});

async function plugIn(): Promise<TerminalDevice> {
  const device = await createTerminalDevice();
  devices.push(device);
  rmSync(path, { force: true });
  symlinkSync(device.path, path);
  return device;
}

const opened = async () => (await within(once(keeper, 'open'), 'the port to open'))[0] as Duplex;

describe('a port that is a character device', () => {
  it('opens when the device appears, and again after the host has hung up', async () => {
    keeper.start();
    await until(() => keeper.status.lastError?.code === 'missing', 'an attempt without a device');
    for (const round of ['first', 'second']) {
      const open = opened();
      const device = await plugIn();
      const port = await open;
      device.host.write(round);
      expect(String((await once(port, 'data'))[0])).toBe(round);
      keeper.confirm();
      const closed = once(keeper, 'close');
      device.host.destroy();
      expect((await closed)[0]).toMatchObject({ kind: 'ended' });
    }
    expect(keeper.status.opened).toBe(2);
  });

  it('waits while the host is absent, with the device open, and lets go of it when stopped', async () => {
    symlinkSync('/dev/null', path);
    keeper.start();
    await until(() => keeper.status.failures >= 3, 'three attempts');
    expect(keeper.status).toMatchObject({ opened: 0, lastError: { code: 'host-absent' } });
    keeper.stop();
    expect(keeper.status.state).toBe('stopped');
  });
});
