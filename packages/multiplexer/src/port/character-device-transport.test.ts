import { once } from 'node:events';
import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTerminalDevice, type TerminalDevice } from '../../../posix/src/testing/terminal-device.ts';
import { CharacterDeviceTransport } from './character-device-transport.ts';

let device: TerminalDevice;

beforeEach(async () => {
  device = await createTerminalDevice();
});

afterEach(() => device.remove());

const never = new AbortController().signal;

/** How many descriptors of the device this process has. */
function descriptors(): number {
  const path = realpathSync(device.path);
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return targets.filter((target) => target === path).length;
}

async function end(stream: Duplex): Promise<void> {
  const closed = once(stream, 'close');
  stream.destroy();
  await closed;
}

it('closes the device with its stream', async () => {
  const transport = new CharacterDeviceTransport(device.path);
  const stream = await transport.open(never);
  expect(descriptors()).toBe(1);
  await end(stream);
  expect(descriptors()).toBe(0);
});

it('keeps a device that stays open until it is released, and loses nothing between two streams', async () => {
  const transport = new CharacterDeviceTransport(device.path, undefined, true);
  await end(await transport.open(never));
  expect(descriptors()).toBe(1);
  device.host.write('the next host’s');
  const stream = await transport.open(never);
  const [bytes] = (await once(stream, 'data')) as [Buffer];
  expect(bytes.toString()).toBe('the next host’s');
  transport.release();
  expect(descriptors()).toBe(1);
  await end(stream);
  expect(descriptors()).toBe(0);
});
