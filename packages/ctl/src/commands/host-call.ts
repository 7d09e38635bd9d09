import { connect, type Socket } from 'node:net';
import { ControlWire, parseHostReturn, programSocketPath } from '@clipmux/rpc';
import type { Command } from '../command-line/command.ts';
import { ConnectError, EXIT, UsageError } from '../exit-status.ts';

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
    {
      name: 'agent',
      argument: { name: 'PATH', offer: 'files' },
      description: "the socket of this session's agent (default: that of DISPLAY, in XDG_RUNTIME_DIR)",
    },
  ],
  notes: [
    "PARAMS is a JSON object. The session's agent passes the call on; the configuration says",
    'which methods may be called ([host-calls] allow). Ended by a signal, it takes the call back.',
  ],
  run: async (invocation, context) => {
    const [method = '', json] = invocation.arguments;
    const timeoutMs = milliseconds(invocation.value('timeout'));
    const params = { method, ...(json !== undefined && { params: objectOf(json) }), ...(timeoutMs && { timeoutMs }) };
    const path = invocation.value('agent') ?? programSocketPath(context.io.env);
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

/** @throws {ConnectError} */
function connectAgent(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new ConnectError(
          error.code === 'EACCES' ? 'denied' : 'missing',
          `the agent of this session cannot be reached at ${path} (${error.code}): is clipmux-session running, and clipmuxd?`,
        ),
      ),
    );
  });
}
