import { describe, expect, it } from 'vitest';
import { DEFAULT_SYSTEM_BUS_ADDRESS, socketPathOf, systemBusAddress } from './bus-address.ts';

describe('the address of the system bus', () => {
  it('is the standard one unless the environment names another', () => {
    expect(systemBusAddress({})).toBe(DEFAULT_SYSTEM_BUS_ADDRESS);
    expect(systemBusAddress({ DBUS_SYSTEM_BUS_ADDRESS: '' })).toBe(DEFAULT_SYSTEM_BUS_ADDRESS);
    expect(systemBusAddress({ DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/x' })).toBe('unix:path=/x');
  });

  it.each([
    [DEFAULT_SYSTEM_BUS_ADDRESS, '/var/run/dbus/system_bus_socket'],
    ['unix:path=/tmp/bus,guid=0123456789abcdef', '/tmp/bus'],
    ['unix:guid=0123,path=/tmp/bus', '/tmp/bus'],
    ['tcp:host=localhost,port=1;unix:path=/tmp/bus', '/tmp/bus'],
    ['unix:path=/tmp/a%20b%c3%a9', '/tmp/a bé'],
  ])('%s leads to %s', (address, path) => {
    expect(socketPathOf(address)).toBe(path);
  });

  it.each([
    [''],
    ['/run/dbus/system_bus_socket'],
    ['tcp:host=localhost,port=1'],
    ['unix:abstract=/tmp/bus'],
    ['unix:path='],
    ['unix:path=/tmp/a%2cb'],
    ['unix:path=/tmp/%ff'],
  ])("'%s' is refused by an error that shows it", (address) => {
    expect(() => socketPathOf(address)).toThrow(
      expect.objectContaining({ code: 'bad-address', message: expect.stringContaining(`'${address}'`) }),
    );
  });
});
