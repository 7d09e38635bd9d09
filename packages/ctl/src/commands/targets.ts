import type { Command } from '../command-line/command.ts';
import { WHOSE_OPTIONS, whose } from '../command-line/options.ts';
import { EXIT } from '../exit-status.ts';
import { plain } from '../format/text.ts';

export const targets: Command = {
  name: 'targets',
  summary: "list the types of a session's selection, a line each",
  arguments: [],
  options: WHOSE_OPTIONS,
  notes: ['Exit status 3 means that the selection holds nothing.'],
  run: async (invocation, context) => {
    const asked = whose(invocation);
    const client = await context.connect();
    const result = await client.call('clipboard.targets', asked);
    await context.print(result, () => result.types.map((type) => `${plain(type)}\n`).join(''));
    return result.types.length === 0 ? EXIT.nothing : EXIT.ok;
  },
};
