import type { Command } from '../command-line/command.ts';
import { EXIT } from '../exit-status.ts';
import { formatSessions } from '../format/status.ts';

export const sessions: Command = {
  name: 'sessions',
  summary: 'list the sessions that are connected; * marks the one that takes part',
  arguments: [],
  options: [],
  run: async (_invocation, context) => {
    const client = await context.connect();
    const result = await client.call('session.list', {});
    await context.print(result, () => formatSessions(result, context.io.now()));
    return EXIT.ok;
  },
};
