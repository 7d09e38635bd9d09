import { systemdNotify } from './systemd-notify.ts';

/** How often within the watchdog's time the service says that it lives, as sd_watchdog_enabled(3) recommends. */
const SIGNS_PER_PERIOD = 2;

/**
 * Tells systemd regularly that the service lives, where its unit asks for that (WatchdogSec=; WATCHDOG_USEC and WATCHDOG_PID in the
 * environment, sd_watchdog_enabled(3)). Without it no timer runs.
 *
 * @returns stops it
 */
export function startSystemdWatchdog(
  environment: NodeJS.ProcessEnv = process.env,
  pid: number = process.pid,
  notify: () => void = () => systemdNotify({ watchdog: true }, environment),
): () => void {
  const { WATCHDOG_USEC: period, WATCHDOG_PID: meant } = environment;
  const milliseconds = Number(period) / 1000 / SIGNS_PER_PERIOD;
  if (!(milliseconds > 0) || (meant !== undefined && meant !== String(pid))) return () => {};
  const timer = setInterval(notify, milliseconds);
  return () => clearInterval(timer);
}
