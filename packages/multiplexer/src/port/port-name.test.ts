import { describe, expect, it } from 'vitest';
import { CharacterDeviceTransport } from './character-device-transport.ts';
import { parsePortName } from './port-name.ts';
import { UnixSocketTransport } from './unix-socket-transport.ts';

describe('parsePortName', () => {
  it.each(['unix:/run/host.sock', 'unix:host.sock', `unix:/${'x'.repeat(106)}`])('takes %s as a socket', (name) => {
    const transport = parsePortName(name);
    expect(transport).toBeInstanceOf(UnixSocketTransport);
    expect(transport.name).toBe(name);
  });

  it.each(['/dev/virtio-ports/com.redhat.spice.0', '/dev/vport1p1'])('takes %s as a device', (name) => {
    const transport = parsePortName(name);
    expect(transport).toBeInstanceOf(CharacterDeviceTransport);
    expect(transport.name).toBe(name);
  });

  it.each([
    '',
    'unix:',
    'vport1p1',
    'tcp:localhost:1',
    'unix:a\0b',
    '/dev/a\0b',
    `unix:/${'x'.repeat(107)}`,
    `unix:${'é'.repeat(54)}`,
  ])('refuses %j', (name) => {
    expect(() => parsePortName(name)).toThrow(expect.objectContaining({ name: 'PortError', code: 'invalid-name' }));
  });

  it('waits longer for a device than for a socket', () => {
    expect(parsePortName('unix:x').retryCeiling).toBe(1_000);
    expect(parsePortName('/dev/x').retryCeiling).toBe(5_000);
  });
});
