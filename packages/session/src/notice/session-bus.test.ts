import { describe, expect, it } from 'vitest';
import { sessionBusSocket } from './session-bus.ts';

const everything = () => true;
const nothing = () => false;

describe("the session bus's socket", () => {
  it.each([
    ['unix:path=/run/user/1000/bus', '/run/user/1000/bus'],
    ['unix:path=/tmp/dbus-x1,guid=0123456789abcdef', '/tmp/dbus-x1'],
    ['unix:guid=0123456789abcdef,path=/tmp/dbus-x1', '/tmp/dbus-x1'],
    ['unix:abstract=/tmp/dbus-x1,guid=0123456789abcdef', '\0/tmp/dbus-x1'],
    ['tcp:host=localhost,port=1;unix:path=/tmp/second', '/tmp/second'],
    ['unix:path=/tmp/a%20b', '/tmp/a b'],
    ['unix:path=/tmp/a%3bb;unix:path=/tmp/usable', '/tmp/usable'],
  ])('is found in the address %s', (address, socket) => {
    expect(sessionBusSocket({ DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: '/run/user/1' }, everything)).toBe(
      socket,
    );
  });

  it.each([
    'autolaunch:',
    'tcp:host=localhost,port=1',
    'unix:path=',
    'unix:path=/tmp/%zz',
    'nonsense',
    'unix:tmpdir=/tmp',
  ])('is not found in the address %s, and no other bus is taken for it', (address) => {
    const environment = { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: '/run/user/1' };
    expect(() => sessionBusSocket(environment, everything)).toThrow(expect.objectContaining({ code: 'no-bus' }));
  });

  it('is that of the user bus where no address is set', () => {
    expect(sessionBusSocket({ XDG_RUNTIME_DIR: '/run/user/1000' }, everything)).toBe('/run/user/1000/bus');
    expect(sessionBusSocket({ XDG_RUNTIME_DIR: '/run/user/1', DBUS_SESSION_BUS_ADDRESS: '' }, everything)).toBe(
      '/run/user/1/bus',
    );
  });

  it.each([
    ['there is no user bus', { XDG_RUNTIME_DIR: '/run/user/1000' }, nothing],
    ['there is nothing in the environment', {}, everything],
    ['the path cannot be told to the library', { XDG_RUNTIME_DIR: '/tmp/a:b' }, everything],
  ])('is none where %s', (_why, environment, exists) => {
    expect(() => sessionBusSocket(environment, exists)).toThrow(expect.objectContaining({ code: 'no-bus' }));
  });
});
