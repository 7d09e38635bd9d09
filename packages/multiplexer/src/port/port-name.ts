import { CharacterDeviceTransport } from './character-device-transport.ts';
import { PortError } from './port-error.ts';
import type { PortTransport } from './transport.ts';
import { UnixSocketTransport } from './unix-socket-transport.ts';

const UNIX_PREFIX = 'unix:';

/**
 * The transport for a port's name as the command line and the configuration give it: `unix:PATH`, or a device's absolute path.
 *
 * @throws PortError `invalid-name`
 */
export function parsePortName(name: string): PortTransport {
  if (name.startsWith(UNIX_PREFIX)) return new UnixSocketTransport(name.slice(UNIX_PREFIX.length));
  if (name.startsWith('/') && !name.includes('\0')) return new CharacterDeviceTransport(name);
  throw new PortError(
    'invalid-name',
    `"${name}" is no port's name: write unix:PATH for a socket, or a device's path such as /dev/virtio-ports/com.redhat.spice.0`,
  );
}
