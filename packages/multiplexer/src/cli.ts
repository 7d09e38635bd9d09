import { parseArgs } from 'node:util';
import { createLogger, isLogLevel, LOG_LEVELS, type LogLevel, socketPathProblem } from '@clipmux/posix';
import { ConfigError, DEFAULT_CONFIG_PATH, DEFAULT_SETTINGS, formatProblem } from './config/index.ts';
import { parseStandIn, STAND_IN_HELP, STAND_IN_OPTIONS } from './guest-agent/index.ts';
import { PortError, parsePortName } from './port/index.ts';
import { type Overrides, runDaemon } from './run-daemon.ts';
import { ListenError } from './sessions/index.ts';
import { CLIPMUX_VERSION } from './version.ts';

/** Exit statuses, documented in the help text and the manual page. */
const EXIT = { ok: 0, failure: 1, usage: 2, configuration: 3 } as const;

const { port: PORT, sockets: SOCKETS } = DEFAULT_SETTINGS;

const HELP = `Usage: clipmuxd [OPTION]...
Share one host clipboard among the graphical sessions of this guest.

  --port PORT             the host's port: a character device, or unix:PATH for a
                          unix socket that QEMU or a host endpoint listens on
                          (default: ${PORT})
  --session-socket PATH   where agents connect, unless systemd hands a socket over
                          (default: ${SOCKETS.session})
  --control-socket PATH   where clipmuxctl connects, unless systemd hands a socket over
                          (default: control.sock beside a session socket given here,
                          else ${SOCKETS.control})
  --guest-agent PORT      another port on which qemu-ga's JSON is spoken: a character
                          device, or unix:PATH to listen on; may be given several times
  --config FILE           the configuration; drop-ins are FILE.d/*.toml
                          (default: ${DEFAULT_CONFIG_PATH}, which need not exist)
  --no-logind             do not ask logind who is active
  --log-level LEVEL       ${LOG_LEVELS.join(', ')} (default: info)
  --help, -h              show this text
  --version, -V           show the version

${STAND_IN_HELP}
What is given here overrides the configuration. SIGHUP reads the configuration anew.
SIGTERM and SIGINT end it cleanly. Exit status:
  ${EXIT.ok}  ended as asked
  ${EXIT.failure}  failed
  ${EXIT.usage}  wrong usage
  ${EXIT.configuration}  the configuration has mistakes
`;

interface Options {
  readonly config: string | undefined;
  readonly logind: boolean;
  readonly overrides: Overrides;
}

/** Runs clipmuxd until it is told to end. Resolves with the exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  const options = parse(argv);
  if (typeof options === 'number') return options;
  const logger = createLogger({ name: 'clipmuxd', level: options.overrides.logLevel ?? 'info' });
  try {
    await runDaemon({ ...options, logger, version: CLIPMUX_VERSION });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const problem of error.problems) logger.error(formatProblem(problem));
      return EXIT.configuration;
    }
    if (!(error instanceof ListenError || error instanceof PortError)) throw error;
    logger.error(error.message);
    return EXIT.failure;
  }
}

/** The options, or the exit status where there is nothing to run. */
function parse(argv: readonly string[]): Options | number {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        port: { type: 'string' },
        'session-socket': { type: 'string' },
        'control-socket': { type: 'string' },
        config: { type: 'string' },
        'guest-agent': { type: 'string', multiple: true, default: [] },
        'no-logind': { type: 'boolean', default: false },
        'log-level': { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', short: 'V', default: false },
        ...STAND_IN_OPTIONS,
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
    const standIn = parseStandIn(values, process.env);
    if (standIn.dump !== undefined) {
      process.stdout.write(standIn.dump);
      return EXIT.ok;
    }
    const overrides: Overrides = {
      port: values.port === undefined ? undefined : checkPort(values.port),
      sessionSocket: checkSocket('--session-socket', values['session-socket']) ?? standIn.sessionSocket,
      controlSocket: checkSocket('--control-socket', values['control-socket']),
      logLevel: parseLogLevel(values['log-level']) ?? (standIn.verbose ? 'debug' : undefined),
      guestAgent: {
        ports: [...values['guest-agent'], ...(standIn.port === undefined ? [] : [standIn.port])].map(checkPort),
        allow: standIn.allow,
        block: standIn.block,
      },
    };
    return { config: values.config, logind: !values['no-logind'], overrides };
  } catch (error) {
    process.stderr.write(`clipmuxd: ${(error as Error).message}\nTry: clipmuxd --help\n`);
    return EXIT.usage;
  }
}

function parseLogLevel(text: string | undefined): LogLevel | undefined {
  if (text === undefined || isLogLevel(text)) return text;
  throw new TypeError(`--log-level takes ${LOG_LEVELS.join(', ')}, not "${text}"`);
}

function checkSocket(option: string, path: string | undefined): string | undefined {
  const problem = path === undefined ? undefined : socketPathProblem(path);
  if (problem !== undefined) throw new TypeError(`${option}: ${problem}`);
  return path;
}

/** @throws {PortError} */
function checkPort(name: string): string {
  parsePortName(name);
  return name;
}
