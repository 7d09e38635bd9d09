import type { ControlClient, UnknownEvent } from '@clipmux/rpc';
import type { CtlIo } from '../io.ts';

/** What follows a command or an option on the command line. */
export interface ArgumentSpec {
  /** As the help shows it: `ID`, `FILE`. */
  readonly name: string;
  readonly optional?: boolean;
  /** The only values that are taken. */
  readonly choices?: readonly string[];
  /** What the shell offers where there are no choices: files, the ids of the sessions that are connected, or some usual values. */
  readonly offer?: 'files' | 'sessions' | readonly string[];
}

/** An option. It takes a value if it has an `argument`. */
export interface OptionSpec {
  /** Without dashes. */
  readonly name: string;
  readonly argument?: ArgumentSpec;
  /** Whether it may be given several times. */
  readonly repeatable?: true;
  readonly description: string;
}

/** What a command looks like: the one source of its parsing, its help, and the shells' completions. */
export interface CommandSpec {
  readonly name: string;
  /** One line, beginning with a verb. */
  readonly summary: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** What the help says beyond the options; lines of at most 80 characters. */
  readonly notes?: readonly string[];
}

/** What a command was called with; checked against its spec. */
export interface Invocation {
  /** The arguments, in order. */
  readonly arguments: readonly string[];
  /** The value of an option that takes one, once. */
  value(option: string): string | undefined;
  /** The values of an option that is repeatable, in order. */
  values(option: string): readonly string[];
  /** Whether an option without value was given. */
  has(option: string): boolean;
}

/** What a command works with. */
export interface CommandContext {
  readonly io: CtlIo;
  /** Path of clipmuxd's control socket. */
  readonly socket: string;
  readonly json: boolean;
  /**
   * A connection to clipmuxd, closed when the command is done.
   * @throws {ConnectError}
   */
  connect(options?: { readonly event?: (event: UnknownEvent) => void }): Promise<ControlClient>;
  /** Prints the value as JSON if that was asked for, else the text. Control characters of the text are made harmless. */
  print(value: unknown, text: () => string): Promise<void>;
}

/** A command of clipmuxctl. */
export interface Command extends CommandSpec {
  /** Resolves with the exit status. Whatever it throws is told and mapped to one. */
  run(invocation: Invocation, context: CommandContext): Promise<number>;
}
