import type { Command } from '../command-line/command.ts';
import { diagnose, isHealthy } from '../doctor/diagnose.ts';
import { gatherFacts } from '../doctor/gather/index.ts';
import { formatReport } from '../doctor/report.ts';
import { EXIT } from '../exit-status.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'find out why nothing is copied or pasted, and say what to do',
  arguments: [],
  options: [
    {
      name: 'port',
      argument: { name: 'PORT', offer: 'files' },
      description: "the host's port to look at (default: that of clipmuxd)",
    },
  ],
  notes: [
    'Run it in the session that has the trouble, and as root to see the processes of others.',
    'It works without clipmuxd too. Exit status 0: nothing is wrong; 1: something is.',
  ],
  run: async (invocation, context) => {
    const examined = diagnose(await gatherFacts(context, invocation.value('port')));
    const healthy = isHealthy(examined);
    await context.print({ healthy, checks: examined }, () => formatReport(examined));
    return healthy ? EXIT.ok : EXIT.failure;
  },
};
