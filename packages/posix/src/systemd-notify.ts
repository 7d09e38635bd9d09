import { closeSync } from 'node:fs';
import { PosixError } from './errors.ts';
import { native } from './native.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
/** sizeof(sockaddr_un.sun_path) (unix(7)). */
const SUN_PATH_SIZE = 108;
/** Where sun_path begins, after the 16 bits of sun_family. */
const SUN_PATH_OFFSET = 2;

/** What a service tells its manager (sd_notify(3)). Every member given becomes one line. */
export interface ServiceState {
  /** Start-up is finished (`READY=1`). */
  readonly ready?: boolean;
  /** The service is shutting down (`STOPPING=1`). */
  readonly stopping?: boolean;
  /** Still alive (`WATCHDOG=1`). */
  readonly watchdog?: boolean;
  /** One line for `systemctl status` (`STATUS=…`); line breaks become spaces. */
  readonly status?: string;
}

/**
 * Tells systemd the service's state through the socket named in NOTIFY_SOCKET, a path or (with `@`) an abstract name.
 *
 * @returns false if nobody asked to be told (no NOTIFY_SOCKET)
 * @throws PosixError `native-unavailable` without koffi, `bad-environment` for a name that cannot be a socket's,
 *   `system-call-failed` if the manager's socket does not take the message
 */
export function systemdNotify(state: ServiceState, environment: NodeJS.ProcessEnv = process.env): boolean {
  const { NOTIFY_SOCKET: name } = environment;
  if (name === undefined || name === '') return false;
  const address = unixAddress(name);
  const data = Buffer.from(stateLines(state));
  const { socket, sendto, errno } = native();

  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw failed('socket', errno());
  try {
    if (sendto(fd, data, data.length, MSG_NOSIGNAL, address, address.length) !== data.length) {
      throw failed(`sendto(NOTIFY_SOCKET=${name})`, errno());
    }
  } finally {
    closeSync(fd);
  }
  return true;
}

/** The datagram's text. */
export function stateLines(state: ServiceState): string {
  const lines: string[] = [];
  if (state.ready === true) lines.push('READY=1');
  if (state.stopping === true) lines.push('STOPPING=1');
  if (state.watchdog === true) lines.push('WATCHDOG=1');
  if (state.status !== undefined) lines.push(`STATUS=${state.status.replaceAll(/[\r\n]+/g, ' ')}`);
  return lines.join('\n');
}

/** `struct sockaddr_un` for a path or, with a leading `@`, an abstract name (whose length counts: no trailing NUL). */
export function unixAddress(name: string): Buffer {
  const path = Buffer.from(name);
  const abstract = name.startsWith('@');
  if (!abstract && !name.startsWith('/')) {
    throw new PosixError('bad-environment', `NOTIFY_SOCKET=${name} is neither an absolute path nor an abstract name`);
  }
  if (path.length > SUN_PATH_SIZE - (abstract ? 0 : 1)) {
    throw new PosixError(
      'bad-environment',
      `NOTIFY_SOCKET is longer than a socket's name can be: ${path.length} bytes`,
    );
  }
  const address = Buffer.alloc(SUN_PATH_OFFSET + path.length + (abstract ? 0 : 1));
  address.writeUInt16LE(AF_UNIX, 0);
  path.copy(address, SUN_PATH_OFFSET);
  if (abstract) address[SUN_PATH_OFFSET] = 0;
  return address;
}

function failed(call: string, number: number): PosixError {
  return new PosixError('system-call-failed', `${call} failed with errno ${number}`, { errno: number });
}
