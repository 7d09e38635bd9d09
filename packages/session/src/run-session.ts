import { compileBeforeFirstRun, type Logger } from '@clipmux/posix';
import { programSocketPath, RpcError, SHARED_TIMERS } from '@clipmux/rpc';
import { DisplayError, X11Backend } from '@clipmux/selections';
import { Agent } from './agent.ts';
import { DaemonConnection, type DaemonConnectionListener, type Refused } from './daemon-connection.ts';
import { MemoryKeeper } from './memory.ts';
import { PasteNotices } from './notice/index.ts';
import { withoutOptimizing } from './optimizer.ts';
import { type CallHost, ProgramServer } from './programs/program-server.ts';
import { notServed } from './programs/served-methods.ts';

/** Exit statuses, documented in the help text and the manual page. */
export const EXIT = { ok: 0, failure: 1, usage: 2, display: 3, refused: 4 } as const;

export interface SessionRunOptions {
  readonly socket: string;
  /** As in the environment variable DISPLAY. */
  readonly display: string;
  readonly logger: Logger;
  readonly version: string;
}

/** Why the agent ends. */
type Ending =
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'display'; readonly error: DisplayError }
  | { readonly kind: 'refused'; readonly name: Refused; readonly message: string };

/** Connects display and clipmuxd, and stays until a signal, the display's end or a refusal. Resolves with the exit status. */
export async function runSession(options: SessionRunOptions): Promise<number> {
  const { logger, display, socket } = options;
  const { XDG_SESSION_ID } = process.env;
  const backend = new X11Backend({ display, timers: SHARED_TIMERS });
  const memory = new MemoryKeeper();
  const notices = new PasteNotices({ logger: logger.child('notices'), environment: process.env });
  const agent = new Agent({
    backend,
    logger: logger.child('agent'),
    largeContentPassed: () => memory.largeContentPassed(),
    pasteCutShort: (paste) => notices.show(paste),
  });
  let end: (ending: Ending) => void = () => {};
  const ended = new Promise<Ending>((resolve) => {
    end = resolve;
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.once(signal, () => end({ kind: 'signal', signal }));
  backend.on('closed', (error) => end({ kind: 'display', error }));
  try {
    await withoutOptimizing(() => backend.open());
    compileBeforeFirstRun();
  } catch (error) {
    if (!(error instanceof DisplayError)) throw error;
    logger.error(error.message, { code: error.code });
    return EXIT.display;
  }
  const programs = programServer(agent, options);
  const connection = new DaemonConnection(listenerOf(agent, programs), {
    path: socket,
    identity: {
      agent: { name: 'clipmux-session', version: options.version },
      display,
      session: XDG_SESSION_ID ?? null,
      pid: process.pid,
    },
    logger: logger.child('connection'),
    refused: (name, message) => end({ kind: 'refused', name, message }),
  });
  connection.start();
  const ending = await ended;
  memory.stop();
  await notices.stop();
  const status = explain(ending, logger);
  programs?.close();
  await connection.stop(new RpcError('shutting-down', `the agent ends (${ending.kind})`));
  await backend.close();
  return status;
}

/** Null, and said, where there is no place for its socket. */
function programServer(agent: Agent, { logger, display }: SessionRunOptions): ProgramServer | null {
  try {
    const path = programSocketPath(process.env, display);
    const callHost: CallHost = (question, signal) => agent.callHost(question, signal);
    return new ProgramServer(path, callHost, logger.child('programs'));
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    logger.info('programs of this session cannot call the host, nor be called', { reason: error.message });
    return null;
  }
}

/** The agent, and what waits for clipmuxd to know it. */
function listenerOf(agent: Agent, programs: ProgramServer | null): DaemonConnectionListener {
  return {
    connected: (wire) => {
      agent.connected(wire);
      programs?.listen();
    },
    disconnected: () => agent.disconnected(),
    grab: (selection, serial, types) => agent.grab(selection, serial, types),
    release: (selection, serial) => agent.release(selection, serial),
    request: (selection, type, maxBytes, signal) => agent.request(selection, type, maxBytes, signal),
    pasteCutShort: (paste) => agent.pasteCutShort(paste),
    call: async (called, signal) => {
      if (!programs) throw notServed(called.method);
      return programs.call(called, signal);
    },
  };
}

function explain(ending: Ending, logger: Logger): number {
  switch (ending.kind) {
    case 'signal':
      logger.info('ending', { signal: ending.signal });
      return EXIT.ok;
    case 'display':
      logger.error(ending.error.message, { code: ending.error.code });
      return EXIT.display;
    case 'refused':
      if (ending.name === 'duplicate-agent' || ending.name === 'replaced') {
        logger.info('another agent serves this session', { reason: ending.message });
        return EXIT.ok;
      }
      logger.error('clipmuxd does not let this session take part', { reason: ending.message });
      return EXIT.refused;
  }
}
