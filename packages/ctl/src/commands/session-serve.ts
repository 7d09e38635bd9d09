import { setTimeout as wait } from 'node:timers/promises';
import { isReservedMethod, METHOD_NAME, RESERVED_METHODS_WORDS, RetryDelays, RpcError } from '@clipmux/rpc';
import { AGENT_OPTION, agentPath, connectAgent } from '../agent-socket.ts';
import type { Command, CommandContext } from '../command-line/command.ts';
import { ConnectError, EXIT, UsageError } from '../exit-status.ts';
import { plain } from '../format/text.ts';
import { write } from '../io.ts';
import { RECONNECT_CEILING_MS } from '../serve/limits.ts';
import { runHandler } from '../serve/run-handler.ts';
import { type Serve, ServedConnection } from '../serve/served-connection.ts';

export const sessionServe: Command = {
  name: 'session-serve',
  summary: 'serve methods of this session to the host by commands, until it is ended',
  arguments: [],
  options: [
    {
      name: 'handler',
      argument: { name: 'METHOD=COMMAND' },
      repeatable: true,
      description: 'run COMMAND by the shell for calls of METHOD; may be repeated',
    },
    AGENT_OPTION,
  ],
  notes: [
    'The host calls them by guest-session-call. COMMAND is given the parameters as JSON on its',
    'standard input. What it prints as JSON is the answer; where it ends with another status',
    'than 0 the last of its standard error is the error. Several calls may be under way at',
    'once. A line is printed for each, without what was asked and answered. When the agent',
    'restarts the methods are served again. SIGINT (Ctrl-C) and SIGTERM end it, and the',
    'commands under way, with exit status 0.',
  ],
  run: async (invocation, context) => {
    const handlers = handlersOf(invocation.values('handler'));
    const path = agentPath(invocation, context);
    const ended = context.io.ended();
    let failed: (error: unknown) => void = () => {};
    const failure = new Promise<never>((_resolve, reject) => {
      failed = reject;
    });
    const tell = teller(context, failed);
    const methods = [...handlers.keys()];
    const serve: Serve = async ({ method, params }, signal) => {
      try {
        const command = handlers.get(method);
        if (command === undefined) throw new RpcError('method-not-found', `nothing is served as ${method} here`);
        const returned = await runHandler(command, params, context.io.env, signal);
        tell('answered', { method });
        return returned;
      } catch (error) {
        tell('failed', { method });
        throw error;
      }
    };
    await Promise.race([failure, serveUntil(ended, { path, methods, serve, tell })]);
    return EXIT.ok;
  },
};

type Tell = (event: string, told: Readonly<Record<string, unknown>>) => void;

interface Served {
  readonly path: string;
  readonly methods: readonly string[];
  readonly serve: Serve;
  readonly tell: Tell;
}

/** Connects, and again whenever the connection is lost. @throws {ConnectError} {RpcError} where it is no use (to try again) */
async function serveUntil(ended: AbortSignal, { path, methods, serve, tell }: Served): Promise<void> {
  const delays = new RetryDelays(RECONNECT_CEILING_MS, Math.random);
  let connectedOnce = false;
  while (!ended.aborted) {
    let connection: ServedConnection | undefined;
    const end = (): void => connection?.close();
    ended.addEventListener('abort', end, { once: true });
    const since = performance.now();
    let serving = false;
    try {
      connection = new ServedConnection(await connectAgent(path), serve);
      if (ended.aborted) connection.close();
      await connection.begin(methods);
      serving = true;
      connectedOnce = true;
      tell('serving', { methods: methods.join(',') });
      const { message } = await connection.closed;
      if (!ended.aborted) tell('disconnected', { reason: message });
    } catch (error) {
      connection?.close();
      if (ended.aborted) return;
      if (!connectedOnce || !isPassing(error)) throw error;
    } finally {
      ended.removeEventListener('abort', end);
    }
    const delay = serving ? delays.afterConnection(performance.now() - since) : delays.afterFailure();
    // Who is ended while waiting need not wait.
    await wait(delay, undefined, { signal: ended }).catch(() => {});
  }
}

/** Whether the agent may be back soon. What it says itself, that another program serves a method for example, it would say again. */
function isPassing(error: unknown): boolean {
  return error instanceof ConnectError || (error instanceof RpcError && !error.remote);
}

function teller({ io, json }: CommandContext, failed: (error: unknown) => void): Tell {
  return (event, told) => {
    const time = new Date(io.now()).toISOString();
    const words = Object.entries(told).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    const line = json ? JSON.stringify({ time, event, ...told }) : plain([time, event, ...words].join(' '));
    write(io.stdout, `${line}\n`).catch(failed);
  };
}

/** @throws {UsageError} */
function handlersOf(values: readonly string[]): ReadonlyMap<string, string> {
  const wrong = (message: string) => new UsageError(message, 'session-serve');
  const handlers = new Map<string, string>();
  for (const value of values) {
    const at = value.indexOf('=');
    const method = value.slice(0, Math.max(at, 0));
    const command = value.slice(at + 1);
    if (!METHOD_NAME.test(method) || command === '') throw wrong(`--handler ${value}: must be METHOD=COMMAND`);
    if (isReservedMethod(method)) throw wrong(`--handler ${method}: clipmux's own names are ${RESERVED_METHODS_WORDS}`);
    if (handlers.has(method)) throw wrong(`--handler ${method} is given twice`);
    handlers.set(method, command);
  }
  if (handlers.size === 0) throw wrong('at least one --handler METHOD=COMMAND is needed');
  return handlers;
}
