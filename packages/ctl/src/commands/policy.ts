import type { Command } from '../command-line/command.ts';
import { sessionId } from '../command-line/options.ts';
import { EXIT, UsageError } from '../exit-status.ts';
import { eligibleText } from '../format/status.ts';

const PINNED = 'pinned:';

export const policy: Command = {
  name: 'policy',
  summary: 'show who takes part by policy, or set it: active, off or pinned:ID',
  arguments: [{ name: 'POLICY', optional: true, offer: ['active', 'off'] }],
  options: [],
  notes: [
    'active     the session that logind calls active on the seat; without logind the newest',
    'pinned:ID  this session, active or not',
    'off        none',
    "It holds until clipmuxd ends or another policy is set; then the configuration's applies.",
  ],
  run: async (invocation, context) => {
    const [value] = invocation.arguments;
    if (value !== undefined) check(value);
    const client = await context.connect();
    if (value === undefined) {
      const result = await client.call('policy.get', {});
      await context.print(result, () => `${result.policy}\n`);
    } else {
      const result = await client.call('policy.set', { policy: value });
      await context.print(result, () => `policy ${result.policy}; ${eligibleText(result.eligible)}\n`);
    }
    return EXIT.ok;
  },
};

function check(value: string): void {
  if (value === 'active' || value === 'off') return;
  if (!value.startsWith(PINNED)) throw new UsageError(`${value}: must be active, off or pinned:ID`, 'policy');
  sessionId(value.slice(PINNED.length));
}
