import type { Command } from '../command-line/command.ts';
import { WHOSE_OPTIONS, whose } from '../command-line/options.ts';
import { EXIT } from '../exit-status.ts';

export const clear: Command = {
  name: 'clear',
  summary: "empty a session's selection",
  arguments: [],
  options: WHOSE_OPTIONS,
  run: async (invocation, context) => {
    const asked = whose(invocation);
    const client = await context.connect();
    const { session } = await client.call('clipboard.clear', asked);
    await context.print({ ...asked, session }, () => '');
    return EXIT.ok;
  },
};
