import { existsSync } from 'node:fs';
import { NoticeError } from './errors.ts';

/**
 * The socket of the session's message bus: the first entry of DBUS_SESSION_BUS_ADDRESS that is a unix socket, else the user bus of
 * systemd (https://dbus.freedesktop.org/doc/dbus-specification.html#message-bus-types-login).
 * @returns a path, or an abstract name after a NUL
 * @throws {NoticeError} `no-bus`
 */
export function sessionBusSocket(
  environment: NodeJS.ProcessEnv,
  exists: (path: string) => boolean = existsSync,
): string {
  const { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: runtime } = environment;
  if (address) {
    const socket = socketOf(address);
    if (socket !== undefined) return socket;
    throw new NoticeError('no-bus', 'DBUS_SESSION_BUS_ADDRESS names no unix socket that can be used');
  }
  if (runtime) {
    const path = `${runtime}/bus`;
    if (isUsable(path) && exists(path)) return path;
  }
  throw new NoticeError('no-bus', 'there is no session bus: DBUS_SESSION_BUS_ADDRESS is not set');
}

/** https://dbus.freedesktop.org/doc/dbus-specification.html#addresses: entries `transport:key=value,…`, values %-escaped. */
function socketOf(address: string): string | undefined {
  for (const entry of address.split(';')) {
    if (!entry.startsWith('unix:')) continue;
    for (const parameter of entry.slice('unix:'.length).split(',')) {
      const [, key, value = ''] = /^(path|abstract)=(.+)$/.exec(parameter) ?? [];
      const name = unescaped(value);
      if (key !== undefined && name !== undefined && isUsable(name)) return key === 'path' ? name : `\0${name}`;
    }
  }
  return undefined;
}

function unescaped(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

/** dbus-next takes it in an address of its own, which it splits at these characters and never unescapes. */
function isUsable(name: string): boolean {
  return !/[:;,=\0]/.test(name);
}
