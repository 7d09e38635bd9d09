import type { Command } from '../command-line/command.ts';
import { sessionId } from '../command-line/options.ts';
import { EXIT, UsageError } from '../exit-status.ts';
import { eligibleText } from '../format/status.ts';

export const select: Command = {
  name: 'select',
  summary: "give one session the host's clipboard, or follow the active one again",
  arguments: [{ name: 'ID', optional: true, offer: 'sessions' }],
  options: [{ name: 'follow', description: 'whichever session is active takes part again' }],
  notes: [
    'select ID is the same as policy pinned:ID, and select --follow as policy active.',
    "It holds until clipmuxd ends or another policy is set; then the configuration's applies.",
  ],
  run: async (invocation, context) => {
    const [id] = invocation.arguments;
    const follow = invocation.has('follow');
    if ((id !== undefined) === follow) throw new UsageError('give either the ID of a session or --follow', 'select');
    const session = id === undefined ? null : sessionId(id);
    const client = await context.connect();
    const result = await client.call('session.select', { session });
    await context.print(result, () => `policy ${result.policy}; ${eligibleText(result.eligible)}\n`);
    return EXIT.ok;
  },
};
