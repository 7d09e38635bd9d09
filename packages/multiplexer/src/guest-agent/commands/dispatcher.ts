import {
  type AnswerValue,
  COMMANDS,
  type CommandInfo,
  type CommandName,
  dialectErrors,
  formatError,
  formatReturn,
  GuestAgentError,
  isOwnCommand,
  type JsonMessage,
  JsonSyntaxError,
  mergeAgentInfo,
  type RawJson,
  type Request,
  readRequest,
  SENTINEL,
  validateArguments,
} from '@clipmux/guest-agent';
import type { Logger } from '@clipmux/posix';
import { RpcError } from '@clipmux/rpc';
import type { Answer, MessageAnswerer } from '../client/channel.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { CommandHandler, CommandHandlers } from './answering.ts';
import type { CommandFilter } from './command-filter.ts';

/** The commands of the dialect itself, which need nothing of clipmuxd. */
type DialectCommand = 'guest-sync' | 'guest-sync-delimited' | 'guest-ping' | 'guest-info';

export interface DispatcherOptions {
  /** Handlers of all of our commands but those of the dialect. */
  readonly handlers: CommandHandlers<Exclude<CommandName, DialectCommand>>;
  readonly filter: CommandFilter;
  /** Where what is not ours goes; null: nowhere. */
  readonly upstream: Upstream | null;
  readonly version: string;
  readonly logger: Logger;
}

const LINE_FEED = Buffer.from('\n');
const SENTINEL_BYTES = Buffer.of(SENTINEL);

/** Answers what clients send: our commands here, all others by the qemu-ga behind. */
export class Dispatcher implements MessageAnswerer {
  readonly #options: DispatcherOptions;
  readonly #handlers: CommandHandlers;
  readonly #infos: readonly CommandInfo[] = Object.keys(COMMANDS).map((name) => ({
    enabled: true,
    name,
    'success-response': true,
  }));

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#handlers = {
      ...options.handlers,
      'guest-sync': ({ id }) => id,
      'guest-sync-delimited': ({ id }) => id,
      'guest-ping': () => ({}),
      'guest-info': () => this.#info(),
    };
  }

  answer(message: JsonMessage, signal: AbortSignal, done: (answer: Answer) => void): void {
    let id: RawJson | undefined;
    try {
      const request = readRequest(message.parse());
      id = request.id;
      if ('error' in request) throw request.error;
      this.#options.filter.check(request.command);
      if (isOwnCommand(request.command)) this.#run(request.command, request, signal, done);
      else this.#pass(request, message.raw, signal, done);
    } catch (error) {
      done(formatError(this.#explain(error, undefined), id));
    }
  }

  #run<N extends CommandName>(name: N, request: Request, signal: AbortSignal, done: (answer: Answer) => void): void {
    const { logger } = this.#options;
    const { id } = request;
    logger.trace('a command', { command: name });
    const values = validateArguments(COMMANDS[name], request.arguments);
    const handler: CommandHandler<N> = this.#handlers[name];
    const result = handler(values, { signal });
    if (!(result instanceof Promise)) {
      done(this.#success(name, result, id));
      return;
    }
    result.then(
      (value) => done(this.#success(name, value, id)),
      (error) => done(formatError(this.#explain(error, name), id)),
    );
  }

  #success(name: CommandName, value: AnswerValue, id: RawJson | undefined): Answer {
    const line = formatReturn(value, id);
    return name === 'guest-sync-delimited' ? Buffer.concat([SENTINEL_BYTES, Buffer.from(line)]) : line;
  }

  #pass({ command, id }: Request, raw: Buffer, signal: AbortSignal, done: (answer: Answer) => void): void {
    const { upstream, logger } = this.#options;
    if (!upstream) throw dialectErrors.notFound(command);
    logger.trace('a command for qemu-ga', { command });
    upstream.send({
      command,
      raw,
      isWanted: () => !signal.aborted,
      done: (outcome) => {
        if (outcome instanceof GuestAgentError) done(formatError(outcome, id));
        else done(outcome && Buffer.concat([outcome, LINE_FEED]));
      },
    });
  }

  async #info(): Promise<AnswerValue> {
    const { upstream, version, filter } = this.#options;
    const behind = await upstream?.askInfo();
    return mergeAgentInfo({ version, commands: this.#infos }, behind, filter.isEnabled);
  }

  /** Any error as a client is told it. */
  #explain(error: unknown, command: string | undefined): GuestAgentError {
    if (error instanceof GuestAgentError) return error;
    if (error instanceof JsonSyntaxError || error instanceof RpcError) {
      return new GuestAgentError('GenericError', error.message);
    }
    this.#options.logger.error('internal error', { command, error: String(error) });
    return new GuestAgentError('GenericError', 'internal error: see the log of clipmuxd');
  }
}
