import type { Command, CommandSpec } from '../command-line/command.ts';
import { completionScript, SHELLS } from '../command-line/completion/index.ts';
import { EXIT, UsageError } from '../exit-status.ts';

/** The command that prints the shells' completions of these commands and of itself. */
export function completionOf(commands: readonly CommandSpec[]): Command {
  const completion: Command = {
    name: 'completion',
    summary: 'print the completion script of a shell: bash, zsh or fish',
    arguments: [{ name: 'SHELL', choices: SHELLS }],
    options: [],
    notes: ['For one shell, now: source <(clipmuxctl completion bash)'],
    run: async (invocation, context) => {
      const shell = SHELLS.find((each) => each === invocation.arguments[0]);
      if (shell === undefined) throw new UsageError('SHELL is missing', 'completion');
      const script = completionScript(shell, [...commands, completion]);
      await context.print({ shell, script }, () => script);
      return EXIT.ok;
    },
  };
  return completion;
}
