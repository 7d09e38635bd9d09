import { RpcError, type RpcErrorName } from '@clipmux/rpc';

/** What `clipmuxctl` exits with. */
export const EXIT = {
  /** Done; `doctor`: nothing is wrong. */
  ok: 0,
  /** It failed; `doctor`: something is wrong. */
  failure: 1,
  /** The command line is wrong. */
  usage: 2,
  /** There is no such session, or its selection holds nothing, or nothing in this type. */
  nothing: 3,
  /** This user may not control clipmuxd. */
  denied: 4,
  /** clipmuxd is not running, or went away. */
  unreachable: 5,
} as const;

/** The meaning of each exit status, for the help text. */
export const EXIT_MEANINGS: readonly string[] = [
  `${EXIT.ok}  done`,
  `${EXIT.failure}  failed`,
  `${EXIT.usage}  wrong usage`,
  `${EXIT.nothing}  nothing there, or no such session`,
  `${EXIT.denied}  not permitted`,
  `${EXIT.unreachable}  clipmuxd cannot be reached`,
];

/** The command line is wrong; the message says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** The command whose help tells more. */
  readonly command: string | undefined;

  constructor(message: string, command?: string) {
    super(message);
    this.command = command;
  }
}

/** Why there is no connection to clipmuxd. */
export type ConnectErrorCode = 'missing' | 'refused' | 'denied' | 'failed';

/** The control socket cannot be connected to; the message says what to do. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  readonly code: ConnectErrorCode;

  constructor(code: ConnectErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What is asked for is not there or not possible, for a reason found here and not by clipmuxd. */
export class CommandError extends Error {
  override readonly name: RpcErrorName | 'not-done';

  constructor(name: RpcErrorName | 'not-done', message: string) {
    super(message);
    this.name = name;
  }
}

const BY_NAME: Readonly<Partial<Record<string, number>>> = {
  'no-such-session': EXIT.nothing,
  'no-owner': EXIT.nothing,
  'owner-refused': EXIT.nothing,
  'type-unavailable': EXIT.nothing,
  denied: EXIT.denied,
  'connection-closed': EXIT.unreachable,
  'shutting-down': EXIT.unreachable,
};

/** The status for an error that ended a command. */
export function exitStatusFor(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof ConnectError) return error.code === 'denied' ? EXIT.denied : EXIT.unreachable;
  if (error instanceof RpcError || error instanceof CommandError) return BY_NAME[error.name] ?? EXIT.failure;
  return EXIT.failure;
}
