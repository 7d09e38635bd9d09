import { PosixError } from './errors.ts';

/** The first descriptor that systemd passes (sd_listen_fds(3), SD_LISTEN_FDS_START). */
const SD_LISTEN_FDS_START = 3;
/** More passed sockets than any unit of ours has; a larger count is a broken environment. */
const LISTEN_FDS_LIMIT = 64;
/** The name that sd_listen_fds_with_names(3) gives to a socket passed without one. */
const UNNAMED = 'unknown';

/**
 * The listening sockets handed over by systemd, by the name that their unit gives them (FileDescriptorName=, by default the
 * socket unit's name). For `net.Server#listen({ fd })`. Empty when not started by a socket unit.
 *
 * The variables are removed from `environment`, so that a second call and child processes see none.
 *
 * @throws PosixError `bad-environment` if LISTEN_FDS is not a sensible number
 */
export function systemdListenSockets(
  environment: NodeJS.ProcessEnv = process.env,
  pid: number = process.pid,
): ReadonlyMap<string, readonly number[]> {
  const { LISTEN_PID: listenPid, LISTEN_FDS: count, LISTEN_FDNAMES: names } = environment;
  for (const variable of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID']) delete environment[variable];
  const sockets = new Map<string, number[]>();
  // A LISTEN_PID that is not ours was meant for the process that started us.
  if (count === undefined || listenPid !== String(pid)) return sockets;

  const total = Number(count);
  if (!/^\d+$/.test(count) || total > LISTEN_FDS_LIMIT) {
    throw new PosixError('bad-environment', `LISTEN_FDS=${count} is not a number from 0 to ${LISTEN_FDS_LIMIT}`);
  }
  const list = names === undefined || names === '' ? [] : names.split(':');
  for (let index = 0; index < total; index++) {
    const name = list[index] || UNNAMED;
    const descriptors = sockets.get(name) ?? [];
    descriptors.push(SD_LISTEN_FDS_START + index);
    sockets.set(name, descriptors);
  }
  return sockets;
}
