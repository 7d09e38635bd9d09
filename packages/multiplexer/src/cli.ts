import { parseArgs } from 'node:util';
import { createLogger, isLogLevel, LOG_LEVELS, type Logger, systemdListenSockets, systemdNotify } from '@clipmux/posix';
import { Daemon } from './daemon.ts';
import { PortError, parsePortName } from './port/index.ts';
import { type ListenAddress, ListenError } from './sessions/index.ts';
import { CLIPMUX_VERSION } from './version.ts';

/** Exit statuses, documented in the help text and the manual page. */
const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

const DEFAULT_PORT = '/dev/virtio-ports/com.redhat.spice.0';
const DEFAULT_SESSION_SOCKET = '/run/clipmux/session.sock';

/** Agents of all users connect; clipmuxd asks the kernel who they are. */
const SESSION_SOCKET_MODE = 0o666;

/** The name that clipmuxd.socket gives its socket (FileDescriptorName=). */
const SESSION_SOCKET_NAME = 'session';

const HELP = `Usage: clipmuxd [OPTION]...
Share one host clipboard among the graphical sessions of this guest.

  --port PORT             the host's port: a character device, or unix:PATH for a
                          unix socket that QEMU or a host endpoint listens on
                          (default: ${DEFAULT_PORT})
  --session-socket PATH   where agents connect, unless systemd hands a socket over
                          (default: ${DEFAULT_SESSION_SOCKET})
  --no-logind             do not ask logind who is active
  --log-level LEVEL       ${LOG_LEVELS.join(', ')} (default: info)
  --help                  show this text
  --version               show the version

SIGTERM and SIGINT end it cleanly. Exit status: ${EXIT.ok} ended as asked, ${EXIT.failure} failed, ${EXIT.usage} wrong usage.
`;

interface Options {
  readonly port: string;
  readonly sessionSocket: string;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

/** Runs clipmuxd until it is told to end. Resolves with the exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  const options = parse(argv);
  if (typeof options === 'number') return options;
  const logger = createLogger({ name: 'clipmuxd', level: options.logLevel });
  try {
    return await run(options, logger);
  } catch (error) {
    if (!(error instanceof ListenError || error instanceof PortError)) throw error;
    logger.error(error.message);
    return EXIT.failure;
  }
}

async function run(options: Options, logger: Logger): Promise<number> {
  const daemon = new Daemon({
    transport: parsePortName(options.port),
    sessionSocket: sessionSocket(options.sessionSocket),
    version: CLIPMUX_VERSION,
    logger,
  });
  const ended = new Promise<NodeJS.Signals>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  await daemon.start();
  logger.info('ready', { version: CLIPMUX_VERSION, port: options.port });
  notify({ ready: true }, logger);
  const signal = await ended;
  logger.info('ending', { signal });
  notify({ stopping: true }, logger);
  await daemon.stop();
  return EXIT.ok;
}

function sessionSocket(path: string): ListenAddress {
  const [fd] = systemdListenSockets().get(SESSION_SOCKET_NAME) ?? [];
  return fd === undefined ? { path, mode: SESSION_SOCKET_MODE } : { fd };
}

function notify(state: { ready?: boolean; stopping?: boolean }, logger: Logger): void {
  try {
    systemdNotify(state);
  } catch (error) {
    logger.warning('systemd could not be told', { error: String(error) });
  }
}

/** The options, or the exit status where there is nothing to run. */
function parse(argv: readonly string[]): Options | number {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        port: { type: 'string', default: DEFAULT_PORT },
        'session-socket': { type: 'string', default: DEFAULT_SESSION_SOCKET },
        'no-logind': { type: 'boolean', default: false },
        'log-level': { type: 'string', default: 'info' },
        help: { type: 'boolean', default: false },
        version: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      return EXIT.ok;
    }
    if (values.version) {
      process.stdout.write(`clipmuxd ${CLIPMUX_VERSION}\n`);
      return EXIT.ok;
    }
    const logLevel = values['log-level'];
    if (!isLogLevel(logLevel)) throw new TypeError(`--log-level takes ${LOG_LEVELS.join(', ')}, not "${logLevel}"`);
    return { port: values.port, sessionSocket: values['session-socket'], logLevel };
  } catch (error) {
    process.stderr.write(`clipmuxd: ${(error as Error).message}\nTry: clipmuxd --help\n`);
    return EXIT.usage;
  }
}
