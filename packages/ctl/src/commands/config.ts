import type { Command } from '../command-line/command.ts';
import { EXIT } from '../exit-status.ts';

export const config: Command = {
  name: 'config',
  summary: 'print the configuration that holds, defaults included, as TOML',
  arguments: [],
  options: [],
  run: async (_invocation, context) => {
    const client = await context.connect();
    const result = await client.call('config.show', {});
    await context.print(result, () => result.toml);
    return EXIT.ok;
  },
};
