import { type CallHandler, HostCallServer } from '../calls/call-server.ts';
import { programHandler } from '../calls/program-handler.ts';
import { connect } from '../socket/connect.ts';
import { listen } from '../socket/listen.ts';
import type { EventsArguments, ServeArguments } from './arguments.ts';
import { ExitStatus } from './exit-status.ts';
import { type CliIo, write } from './io.ts';
import { aborted } from './session.ts';

type Told = Readonly<Record<string, unknown>>;

/** At the port for calls: prints the guest's events, or answers calls, until the program is ended. */
export async function serve(given: EventsArguments | ServeArguments, io: CliIo): Promise<number> {
  let failed: (error: unknown) => void = () => {};
  const failure = new Promise<never>((_resolve, reject) => {
    failed = reject;
  });
  const print = (time: number, event: string, told: Told): void => {
    const at = new Date(time).toISOString();
    const json = given.command === 'events' && given.json;
    const line = json ? JSON.stringify({ time: at, event, ...told }) : [at, printable(event), ...words(told)].join(' ');
    write(io.stdout, `${line}\n`).catch(failed);
  };
  const handlers = new Map<string, CallHandler>();
  if (given.command === 'serve') {
    for (const [method, command] of given.handlers) handlers.set(method, told(method, programHandler(command), print));
  }
  const server = new HostCallServer(handlers);
  if (given.command === 'events') server.on('news', ({ event, data, at }) => print(at, event, data));
  const opened = given.listen
    ? await listen(given.socket, server)
    : await connect(given.socket, server, { reconnect: true });
  try {
    await Promise.race([failure, aborted(io.ended)]);
  } finally {
    await opened.close();
  }
  return ExitStatus.OK;
}

/** Tells of each call how it ended; neither parameters nor what was returned. */
function told(
  method: string,
  handler: CallHandler,
  print: (at: number, event: string, told: Told) => void,
): CallHandler {
  return async (params, caller) => {
    const { session } = caller;
    try {
      const returned = await handler(params, caller);
      print(Date.now(), 'answered', { method, session });
      return returned;
    } catch (error) {
      print(Date.now(), 'failed', { method, session });
      throw error;
    }
  };
}

function words(told: Told): string[] {
  return Object.entries(told).map(([key, value]) => `${printable(key)}=${printable(JSON.stringify(value) ?? '')}`);
}

/** A guest's text on a terminal of the host's: without what would steer it. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, '?');
}
