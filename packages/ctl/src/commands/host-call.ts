import { ControlWire, parseHostReturn } from '@clipmux/rpc';
import { AGENT_OPTION, agentPath, connectAgent } from '../agent-socket.ts';
import type { Command } from '../command-line/command.ts';
import { EXIT, UsageError } from '../exit-status.ts';

export const hostCall: Command = {
  name: 'host-call',
  summary: 'call a method of the host from within a session, and print what it returns as JSON',
  arguments: [{ name: 'METHOD' }, { name: 'PARAMS', optional: true }],
  options: [
    {
      name: 'timeout',
      argument: { name: 'SECONDS' },
      description: 'wait so long at most (default: what the administrator has set)',
    },
    AGENT_OPTION,
  ],
  notes: [
    "PARAMS is a JSON object. The session's agent passes the call on; the configuration says",
    'which methods may be called ([host-calls] allow). Ended by a signal, it takes the call back.',
  ],
  run: async (invocation, context) => {
    const [method = '', json] = invocation.arguments;
    const timeoutMs = milliseconds(invocation.value('timeout'));
    const params = { method, ...(json !== undefined && { params: objectOf(json) }), ...(timeoutMs && { timeoutMs }) };
    const path = agentPath(invocation, context);
    const wire = new ControlWire(await connectAgent(path), { role: 'client', methods: new Map(), closed: () => {} });
    try {
      // The agent answers each call in the time that is set there.
      const result = await wire.call('host.call', params, { timeoutMs: Number.POSITIVE_INFINITY });
      const returned = parseHostReturn(result);
      await context.print(returned, () => `${JSON.stringify(returned)}\n`);
      return EXIT.ok;
    } finally {
      wire.close();
    }
  },
};

/** @throws {UsageError} */
function objectOf(json: string): object {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new UsageError('PARAMS is not JSON', 'host-call');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError('PARAMS must be a JSON object', 'host-call');
  return value;
}

/** @throws {UsageError} */
function milliseconds(seconds: string | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  const value = Math.round(Number(seconds) * 1000);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new UsageError(`--timeout ${seconds}: must be a number of seconds`, 'host-call');
  return value;
}
