import type { AnswerValue, ArgumentsOf, CommandName, Commands } from '@clipmux/guest-agent';

/** What a command's handler may know beside its arguments. */
export interface CommandContext {
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Carries out one command. What it throws is its answer: a GuestAgentError as it is, an RpcError as a GenericError. */
export type CommandHandler<N extends CommandName> = (
  values: ArgumentsOf<Commands[N]>,
  context: CommandContext,
) => AnswerValue | Promise<AnswerValue>;

/** Handlers of some commands. */
export type CommandHandlers<N extends CommandName = CommandName> = { readonly [M in N]: CommandHandler<M> };
