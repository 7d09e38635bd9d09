import { existsSync } from 'node:fs';
import { CharacterDevice, CharacterDeviceError, findHolder } from '@clipmux/posix';
import type { ControlFacts, DaemonFacts, PortFacts } from '../facts.ts';

/** The port that clipmuxd uses unless told otherwise. */
export const DEFAULT_PORT = '/dev/virtio-ports/com.redhat.spice.0';

const UNIX_PREFIX = 'unix:';

/**
 * Looks at the port: by what clipmuxd tells, else by itself.
 * @param wanted as the user names it
 */
export function gatherPort(wanted: string | undefined, control: ControlFacts, daemon: DaemonFacts | null): PortFacts {
  if (daemon !== null && (wanted === undefined || wanted === daemon.status.port.name)) {
    const { name, state, lastError } = daemon.status.port;
    const problem = state === 'open' ? null : lastError;
    return { name, problem, holder: problem?.code === 'busy' ? (findHolder(name) ?? null) : null };
  }
  const name = wanted ?? DEFAULT_PORT;
  if (name.startsWith(UNIX_PREFIX) || control.state === 'denied' || control.state === 'silent') {
    // Opening would get in the way of whoever uses it: a socket may take one connection only.
    const path = name.startsWith(UNIX_PREFIX) ? name.slice(UNIX_PREFIX.length) : name;
    return {
      name,
      problem: existsSync(path) ? null : { code: 'missing', message: `${path} does not exist` },
      holder: null,
    };
  }
  return tryDevice(name);
}

function tryDevice(name: string): PortFacts {
  try {
    CharacterDevice.open(name).close();
    return { name, problem: null, holder: null };
  } catch (error) {
    if (!(error instanceof CharacterDeviceError)) throw error;
    const { code, message } = error;
    return { name, problem: { code, message }, holder: code === 'busy' ? (findHolder(name) ?? null) : null };
  }
}
