import type { Command } from '../command-line/command.ts';
import { EXIT } from '../exit-status.ts';

export const reload: Command = {
  name: 'reload',
  summary: "read clipmuxd's configuration again",
  arguments: [],
  options: [],
  notes: ['Files that cannot be used change nothing; each problem is named with file, line and key.'],
  run: async (_invocation, context) => {
    const client = await context.connect();
    const result = await client.call('config.reload', {});
    const { changed, restart } = result;
    await context.print(result, () => {
      const first = changed.length === 0 ? 'nothing changed\n' : `changed: ${changed.join(' ')}\n`;
      if (restart.length === 0) return first;
      return `${first}in force when clipmuxd starts again (systemctl restart clipmuxd): ${restart.join(' ')}\n`;
    });
    return EXIT.ok;
  },
};
