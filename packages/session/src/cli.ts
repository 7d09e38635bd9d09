import { parseArgs } from 'node:util';
import { createLogger, isLogLevel, LOG_LEVELS, type LogLevel, socketPathProblem } from '@clipmux/posix';
import { EXIT, runSession } from './run-session.ts';
import { CLIPMUX_VERSION } from './version.ts';

const DEFAULT_SOCKET = '/run/clipmux/session.sock';

const HELP = `Usage: clipmux-session [OPTION]...
Share this graphical session's clipboard with the host, through clipmuxd.

  --socket PATH        where clipmuxd listens (default: ${DEFAULT_SOCKET})
  --display DISPLAY    the X display (default: $DISPLAY)
  --log-level LEVEL    ${LOG_LEVELS.join(', ')} (default: info)
  --help               show this text
  --version            show the version

SIGTERM and SIGINT end it cleanly. Exit status:
  ${EXIT.ok}  ended as asked, or another agent serves this session
  ${EXIT.failure}  failed
  ${EXIT.usage}  wrong usage
  ${EXIT.display}  the display cannot be used, or has gone
  ${EXIT.refused}  clipmuxd does not let this session take part
`;

interface Options {
  readonly socket: string;
  readonly display: string;
  readonly logLevel: LogLevel;
}

/** Runs the agent until it ends. Resolves with the exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  const options = parse(argv);
  if (typeof options === 'number') return options;
  const logger = createLogger({ name: 'clipmux-session', level: options.logLevel });
  return runSession({ ...options, logger, version: CLIPMUX_VERSION });
}

/** The options, or the exit status where there is nothing to run. */
function parse(argv: readonly string[]): Options | number {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        socket: { type: 'string', default: DEFAULT_SOCKET },
        display: { type: 'string' },
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
      process.stdout.write(`clipmux-session ${CLIPMUX_VERSION}\n`);
      return EXIT.ok;
    }
    const logLevel = values['log-level'];
    if (!isLogLevel(logLevel)) throw new TypeError(`--log-level takes ${LOG_LEVELS.join(', ')}, not "${logLevel}"`);
    const problem = socketPathProblem(values.socket);
    if (problem !== undefined) throw new TypeError(`--socket: ${problem}`);
    const { DISPLAY } = process.env;
    return { socket: values.socket, display: values.display ?? DISPLAY ?? '', logLevel };
  } catch (error) {
    process.stderr.write(`clipmux-session: ${(error as Error).message}\nTry: clipmux-session --help\n`);
    return EXIT.usage;
  }
}
