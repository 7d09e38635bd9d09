import type { Command } from '../command-line/command.ts';
import { EXIT } from '../exit-status.ts';
import { formatStatus } from '../format/status.ts';

export const status: Command = {
  name: 'status',
  summary: 'show the port, the host, who takes part, and what went wrong',
  arguments: [],
  options: [],
  run: async (_invocation, context) => {
    const client = await context.connect();
    const result = await client.call('status', {});
    await context.print(result, () => formatStatus(result, context.io.now()));
    return EXIT.ok;
  },
};
