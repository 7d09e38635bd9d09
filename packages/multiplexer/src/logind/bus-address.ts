import { LogindError } from './errors.ts';

/** Where the system bus listens if nobody says otherwise: https://dbus.freedesktop.org/doc/dbus-specification.html#message-bus-types-system */
export const DEFAULT_SYSTEM_BUS_ADDRESS = 'unix:path=/var/run/dbus/system_bus_socket';

/** The system bus's address: the environment's, else the standard one. */
export function systemBusAddress(environment: NodeJS.ProcessEnv): string {
  return environment['DBUS_SYSTEM_BUS_ADDRESS'] || DEFAULT_SYSTEM_BUS_ADDRESS;
}

/**
 * The socket's path in a D-Bus address: the first entry of the list that is a `unix:path=`, with `%`-escapes undone
 * (https://dbus.freedesktop.org/doc/dbus-specification.html#addresses). Abstract sockets, TCP and the like are no transports of a
 * system bus.
 * @throws {LogindError} `bad-address`
 */
export function socketPathOf(address: string): string {
  for (const entry of address.split(';')) {
    const [transport, parameters = ''] = split(entry, ':');
    if (transport !== 'unix') continue;
    for (const parameter of parameters.split(',')) {
      const [key, value] = split(parameter, '=');
      if (key === 'path' && value) return usable(undoEscapes(value, address), address);
    }
  }
  throw unusable(address, "it has no entry of the form 'unix:path=/...'");
}

function split(text: string, separator: string): readonly [before: string, after: string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function undoEscapes(value: string, address: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw unusable(address, 'its %-escapes are not UTF-8');
  }
}

/** dbus-next takes the path in an address of its own, which it splits at these characters and never unescapes. */
function usable(path: string, address: string): string {
  if (/[:;,=\0]/.test(path)) throw unusable(address, "the socket's path must not contain any of : ; , =");
  return path;
}

function unusable(address: string, why: string): LogindError {
  return new LogindError('bad-address', `the bus address '${address}' cannot be used: ${why}`);
}
