import { SILENT_COMMANDS } from '@clipmux/guest-agent';

/**
 * The commands that answer only when they fail, by the agent's own account and by qemu-ga's.
 * @param info what guest-info returned: what makes no sense in it is skipped, as for agents that tell nothing of the kind
 */
export function silentCommandsOf(info: unknown): ReadonlySet<string> {
  const silent = new Set(SILENT_COMMANDS);
  const commands = memberOf(info, 'supported_commands');
  if (!Array.isArray(commands)) return silent;
  for (const command of commands as readonly unknown[]) {
    const name = memberOf(command, 'name');
    if (typeof name === 'string' && memberOf(command, 'success-response') === false) silent.add(name);
  }
  return silent;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}
