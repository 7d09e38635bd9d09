import type { Command } from '../command-line/command.ts';
import { EXIT } from '../exit-status.ts';

/** As `@clipmux/posix` names them. */
const LEVELS = ['error', 'warning', 'info', 'debug', 'trace'] as const;

export const logLevel: Command = {
  name: 'log-level',
  summary: 'show how much clipmuxd logs, or set it until clipmuxd ends',
  arguments: [{ name: 'LEVEL', optional: true, choices: LEVELS }],
  options: [],
  notes: [`LEVEL is one of ${LEVELS.join(', ')}.`],
  run: async (invocation, context) => {
    const level = LEVELS.find((each) => each === invocation.arguments[0]);
    const client = await context.connect();
    const result = await client.call('log.level', level === undefined ? {} : { level });
    await context.print(result, () => `${result.level}\n`);
    return EXIT.ok;
  },
};
