import { dirname, join } from 'node:path';
import {
  compileBeforeFirstRun,
  type Logger,
  type LogLevel,
  type ServiceState,
  startSystemdWatchdog,
  systemdListenSockets,
  systemdNotify,
} from '@clipmux/posix';
import { RpcError } from '@clipmux/rpc';
import {
  ConfigError,
  changedSettings,
  DEFAULT_CONFIG_PATH,
  DEFAULT_SETTINGS,
  formatProblem,
  type GuestAgentSettings,
  loadSettings,
  type Settings,
} from './config/index.ts';
import { ControlServer } from './control/index.ts';
import { Administration, Daemon } from './daemon/index.ts';
import { DaemonTarget, GuestAgent } from './guest-agent/index.ts';
import { Logind } from './logind/index.ts';
import { parsePortName } from './port/index.ts';

/** What the command line says, over what the configuration says. */
export interface Overrides {
  readonly port: string | undefined;
  readonly sessionSocket: string | undefined;
  readonly controlSocket: string | undefined;
  readonly logLevel: LogLevel | undefined;
  /** Ports and blocked commands are added to those of the configuration. */
  readonly guestAgent: {
    readonly ports: readonly string[];
    readonly allow: readonly string[] | undefined;
    readonly block: readonly string[];
  };
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

/** The names that clipmuxd.socket and clipmuxd-control.socket give their sockets (FileDescriptorName=). */
const SESSION_SOCKET_NAME = 'session';
const CONTROL_SOCKET_NAME = 'control';

/**
 * Runs clipmuxd until a signal ends it.
 * @throws {ConfigError | ListenError | PortError} where it cannot start
 */
export async function runDaemon(options: RunOptions): Promise<void> {
  const { logger, version } = options;
  const settings = load(options);
  const handedOver = systemdListenSockets();
  const [sessionFd] = handedOver.get(SESSION_SOCKET_NAME) ?? [];
  const [controlFd] = handedOver.get(CONTROL_SOCKET_NAME) ?? [];
  const logind = options.logind ? new Logind({ logger: logger.child('logind') }) : null;
  const daemon = new Daemon({
    transport: parsePortName(settings.port),
    hostCallsTransport: settings.hostCalls.port === null ? null : parsePortName(settings.hostCalls.port),
    sessionSocket:
      sessionFd === undefined ? { path: settings.sockets.session, mode: SESSION_SOCKET_MODE } : { fd: sessionFd },
    settings,
    configFiles: [options.config ?? DEFAULT_CONFIG_PATH],
    logind,
    version,
    logger,
  });
  const readAnew = () => {
    const changed = reload(daemon, options);
    control.connectionsMax = daemon.settings.limits.controlConnections;
    return changed;
  };
  const administration = new Administration(daemon, readAnew);
  const control: ControlServer = new ControlServer(administration, {
    logger: logger.child('control'),
    connectionsMax: settings.limits.controlConnections,
  });
  const guestAgent = new GuestAgent({
    target: new DaemonTarget(daemon, administration),
    settings: () => daemon.settings.guestAgent,
    version,
    logger: logger.child('guest-agent'),
  });
  const ended = nextSignal('SIGTERM', 'SIGINT');
  process.on('SIGHUP', () => {
    try {
      readAnew();
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
    }
  });
  logind?.on('changed', () => daemon.loginsChanged());
  logind?.on('availability', () => daemon.loginsChanged());
  try {
    await logind?.start();
    await control.listen(controlFd === undefined ? { path: settings.sockets.control } : { fd: controlFd });
    await daemon.start();
    await guestAgent.start();
    logger.info('ready', { version, port: settings.port });
    compileBeforeFirstRun();
    tellSystemd({ ready: true }, logger);
    const stopWatchdog = startSystemdWatchdog();
    const signal = await ended;
    await guestAgent.thawed();
    logger.info('ending', { signal });
    stopWatchdog();
    tellSystemd({ stopping: true }, logger);
  } finally {
    // Also what had started before something else could not: it would keep the process alive.
    await guestAgent.stop();
    await control.close();
    await daemon.stop();
    logind?.stop();
  }
}

function load({ config, overrides }: RunOptions): Settings {
  const settings = loadSettings(config ?? DEFAULT_CONFIG_PATH, { mustExist: config !== undefined });
  return {
    ...settings,
    port: overrides.port ?? settings.port,
    sockets: {
      session: overrides.sessionSocket ?? settings.sockets.session,
      control: overrides.controlSocket ?? besideSession(overrides.sessionSocket) ?? settings.sockets.control,
    },
    relay: { socket: relaySocket(settings.relay.socket, overrides.sessionSocket) },
    log: { level: overrides.logLevel ?? settings.log.level },
    guestAgent: guestAgentSettings(settings.guestAgent, overrides.guestAgent),
  };
}

function guestAgentSettings(
  settings: GuestAgentSettings,
  { ports, allow, block }: Overrides['guestAgent'],
): GuestAgentSettings {
  return {
    ...settings,
    ports: [...new Set([...settings.ports, ...ports])],
    allow: allow ?? settings.allow,
    block: [...settings.block, ...block],
  };
}

/** Who moves the one socket on the command line means a clipmuxd of their own: the other one goes along. */
function besideSession(sessionSocket: string | undefined): string | undefined {
  return sessionSocket === undefined ? undefined : join(dirname(sessionSocket), 'control.sock');
}

/** The same goes for the stock daemon's: it stays where a configuration has put it elsewhere than by default. */
function relaySocket(configured: string | null, sessionSocket: string | undefined): string | null {
  if (sessionSocket === undefined || configured !== DEFAULT_SETTINGS.relay.socket) return configured;
  return join(dirname(sessionSocket), 'vdagent.sock');
}

/**
 * Reads the configuration anew; returns the keys that have changed. One with mistakes changes nothing.
 * @throws {RpcError} `invalid-config`
 */
function reload(daemon: Daemon, options: RunOptions): readonly string[] {
  const { logger } = options;
  try {
    const settings = load(options);
    const changed = changedSettings(daemon.settings, settings);
    daemon.settings = settings;
    const names = changed.map(({ name }) => name);
    logger.info('the configuration was read anew', { changed: names.join(' ') || 'nothing' });
    for (const { name, needsRestart } of changed) {
      if (needsRestart) logger.warning('this takes effect when clipmuxd starts again', { setting: name });
    }
    daemon.happenings.tell({ kind: 'config', changed: names, problems: [] });
    return names;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problems = error.problems.map(formatProblem);
    for (const problem of problems) logger.error(problem);
    logger.error('the configuration has mistakes: nothing was changed');
    daemon.happenings.tell({ kind: 'config', changed: [], problems });
    throw new RpcError('invalid-config', 'the configuration has mistakes: nothing was changed', { details: problems });
  }
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
