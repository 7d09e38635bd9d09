import { type Logger, type LogLevel, type ServiceState, systemdListenSockets, systemdNotify } from '@clipmux/posix';
import {
  ConfigError,
  changedSettings,
  DEFAULT_CONFIG_PATH,
  formatProblem,
  loadSettings,
  type Settings,
} from './config/index.ts';
import { Daemon } from './daemon/index.ts';
import { Logind } from './logind/index.ts';
import { parsePortName } from './port/index.ts';
import type { ListenAddress } from './sessions/index.ts';

/** What the command line says, over what the configuration says. */
export interface Overrides {
  readonly port: string | undefined;
  readonly sessionSocket: string | undefined;
  readonly controlSocket: string | undefined;
  readonly logLevel: LogLevel | undefined;
}

export interface RunOptions {
  /** A configuration that must exist; undefined for the usual place. */
  readonly config: string | undefined;
  readonly logind: boolean;
  readonly overrides: Overrides;
  readonly version: string;
  readonly logger: Logger;
}

/** Agents of all users connect; clipmuxd asks the kernel who they are. */
const SESSION_SOCKET_MODE = 0o666;

/** The name that clipmuxd.socket gives its socket (FileDescriptorName=). */
const SESSION_SOCKET_NAME = 'session';

/**
 * Runs clipmuxd until a signal ends it.
 * @throws {ConfigError | ListenError | PortError} where it cannot start
 */
export async function runDaemon(options: RunOptions): Promise<void> {
  const { logger, version } = options;
  const settings = load(options);
  const logind = options.logind ? new Logind({ logger: logger.child('logind') }) : null;
  const daemon = new Daemon({
    transport: parsePortName(settings.port),
    sessionSocket: sessionSocket(settings.sockets.session),
    settings,
    logind,
    version,
    logger,
  });
  const ended = nextSignal('SIGTERM', 'SIGINT');
  process.on('SIGHUP', () => reload(daemon, options));
  logind?.on('changed', () => daemon.loginsChanged());
  logind?.on('availability', () => daemon.loginsChanged());
  await logind?.start();
  await daemon.start();
  logger.info('ready', { version, port: settings.port });
  tellSystemd({ ready: true }, logger);
  const signal = await ended;
  logger.info('ending', { signal });
  tellSystemd({ stopping: true }, logger);
  await daemon.stop();
  logind?.stop();
}

function load({ config, overrides }: RunOptions): Settings {
  const settings = loadSettings(config ?? DEFAULT_CONFIG_PATH, { mustExist: config !== undefined });
  return {
    ...settings,
    port: overrides.port ?? settings.port,
    sockets: {
      session: overrides.sessionSocket ?? settings.sockets.session,
      control: overrides.controlSocket ?? settings.sockets.control,
    },
    log: { level: overrides.logLevel ?? settings.log.level },
  };
}

/** Reads the configuration anew. One with mistakes changes nothing. */
function reload(daemon: Daemon, options: RunOptions): void {
  const { logger } = options;
  try {
    const settings = load(options);
    const changed = changedSettings(daemon.settings, settings);
    daemon.settings = settings;
    logger.info('the configuration was read anew', { changed: changed.map(({ name }) => name).join(' ') || 'nothing' });
    for (const { name, needsRestart } of changed) {
      if (needsRestart) logger.warning('this takes effect when clipmuxd starts again', { setting: name });
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) logger.error(formatProblem(problem));
    logger.error('the configuration has mistakes: nothing was changed');
  }
}

function sessionSocket(path: string): ListenAddress {
  const [fd] = systemdListenSockets().get(SESSION_SOCKET_NAME) ?? [];
  return fd === undefined ? { path, mode: SESSION_SOCKET_MODE } : { fd };
}

function nextSignal(...signals: NodeJS.Signals[]): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of signals) process.once(signal, resolve);
  });
}

function tellSystemd(state: ServiceState, logger: Logger): void {
  try {
    systemdNotify(state);
  } catch (error) {
    logger.warning('systemd could not be told', { error: String(error) });
  }
}
