import type { Command } from '../command-line/command.ts';
import { EXIT } from '../exit-status.ts';

export const trace: Command = {
  name: 'trace',
  summary: 'show whether messages to and from the host are logged, or switch it',
  arguments: [{ name: 'SWITCH', optional: true, choices: ['on', 'off'] }],
  options: [],
  notes: ["Names and sizes, never content. They go to clipmuxd's log: journalctl -u clipmuxd."],
  run: async (invocation, context) => {
    const [wanted] = invocation.arguments;
    const client = await context.connect();
    const result = await client.call('trace', wanted === undefined ? {} : { on: wanted === 'on' });
    await context.print(result, () => `${result.on ? 'on' : 'off'}\n`);
    return EXIT.ok;
  },
};
