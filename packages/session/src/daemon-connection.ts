import { connect, type Socket } from 'node:net';
import { deliverDirectly, type Logger } from '@clipmux/posix';
import {
  type AgentIdentity,
  AgentWire,
  type CloseReason,
  NODE_TIMERS,
  RetryDelays,
  RpcError,
  type RpcErrorName,
  type SessionCallHandler,
  type TimerHandle,
  type Timers,
} from '@clipmux/rpc';
import type { AgentSide } from './agent.ts';
import { HELLO_ANSWER_TIMEOUT_MS, RECONNECT_CEILING_MS, SEND_STALL_TIMEOUT_MS } from './limits.ts';

/** Refusals after which it is no use to try again: clipmuxd would say the same. */
export type Refused = Extract<RpcErrorName, 'denied' | 'duplicate-agent' | 'replaced' | 'version-unsupported'>;

const REFUSALS: ReadonlySet<string> = new Set<Refused>([
  'denied',
  'duplicate-agent',
  'replaced',
  'version-unsupported',
]);

export interface DaemonConnectionListener extends AgentSide {
  /** clipmuxd knows this session now. */
  connected(wire: AgentWire): void;
  /** It calls a method in the session. */
  readonly call: SessionCallHandler;
  /** It is gone; called once for each `connected`. */
  disconnected(): void;
}

export interface DaemonConnectionOptions {
  readonly path: string;
  readonly identity: AgentIdentity;
  readonly logger: Logger;
  /** clipmuxd does not want this agent; no further attempt is made. */
  readonly refused: (name: Refused, message: string) => void;
  /** For the waits between attempts. */
  readonly timers?: Timers;
  /** For what waits for an answer of clipmuxd's; the wire's default if not given. */
  readonly answerTimers?: Timers;
  /** From 0 to 1; default Math.random. */
  readonly random?: () => number;
}

/** The agent's connection to clipmuxd: made again, with back-off, whenever it is lost. */
export class DaemonConnection {
  readonly #listener: DaemonConnectionListener;
  readonly #options: DaemonConnectionOptions;
  readonly #timers: Timers;
  readonly #delays: RetryDelays;
  #socket: Socket | null = null;
  #wire: AgentWire | null = null;
  #timer: TimerHandle | null = null;
  #stopped = false;
  /** So that a clipmuxd that stays away is not complained of at every attempt. */
  #complained = false;

  constructor(listener: DaemonConnectionListener, options: DaemonConnectionOptions) {
    this.#listener = listener;
    this.#options = options;
    this.#timers = options.timers ?? NODE_TIMERS;
    this.#delays = new RetryDelays(RECONNECT_CEILING_MS, options.random ?? Math.random);
  }

  start(): void {
    this.#open();
  }

  /** Says why and closes; no further attempt is made. Never rejects. */
  async stop(error: RpcError): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) this.#timers.clear(this.#timer);
    this.#timer = null;
    if (this.#wire) await this.#wire.close(error);
    else this.#socket?.destroy();
  }

  #open(): void {
    const { path, logger } = this.#options;
    const socket = connect(path);
    deliverDirectly(socket);
    this.#socket = socket;
    const failed = (error: NodeJS.ErrnoException): void => {
      const details = { socket: path, error: error.code ?? error.message };
      if (this.#complained) logger.debug('clipmuxd still cannot be reached', details);
      else
        logger.warning('clipmuxd cannot be reached, trying again (is it running? systemctl status clipmuxd)', details);
      this.#complained = true;
      this.#retry(this.#delays.afterFailure());
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      void this.#use(socket);
    });
  }

  async #use(socket: Socket): Promise<void> {
    const { answerTimers, identity, logger } = this.#options;
    const since = performance.now();
    let known = false;
    const wire: AgentWire = new AgentWire(
      socket,
      {
        'selection.grab': ({ selection, serial, types }) => this.#listener.grab(selection, serial, types),
        'selection.release': ({ selection, serial }) => this.#listener.release(selection, serial),
        'selection.request': ({ selection, type, maxBytes }, { signal }) =>
          this.#listener.request(selection, type, maxBytes, signal),
        'paste.cut-short': (paste) => this.#listener.pasteCutShort(paste),
        'session.call': (called, signal) => this.#listener.call(called, signal),
        closed: (reason) => this.#closed(reason, known, performance.now() - since),
        internalError: (error, where) => logger.error('internal error', { where, error: String(error) }),
      },
      { sendStallTimeoutMs: SEND_STALL_TIMEOUT_MS, ...(answerTimers && { timers: answerTimers }) },
    );
    this.#wire = wire;
    try {
      const { session, daemon } = await wire.hello(identity, { timeoutMs: HELLO_ANSWER_TIMEOUT_MS });
      // What clipmuxd sent in the same breath has been applied already; a connection that broke meanwhile is nobody's.
      if (wire.closeReason) return;
      known = true;
      this.#complained = false;
      logger.info('connected to clipmuxd', { session, version: daemon.version });
      this.#listener.connected(wire);
    } catch (error) {
      const { name, message } = error instanceof RpcError ? error : new RpcError('internal', String(error));
      if (isRefusal(name)) this.#refuse(name, message);
      else await wire.close(new RpcError(name, message));
    }
  }

  #closed(reason: CloseReason, known: boolean, lasted: number): void {
    this.#wire = null;
    if (known) this.#listener.disconnected();
    if (this.#stopped) return;
    if (reason.by === 'peer' && isRefusal(reason.name)) {
      this.#refuse(reason.name, reason.message);
      return;
    }
    this.#options.logger.info('the connection to clipmuxd is over', { reason: reason.message });
    this.#retry(known ? this.#delays.afterConnection(lasted) : this.#delays.afterFailure());
  }

  #refuse(name: Refused, message: string): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#options.refused(name, message);
  }

  #retry(delay: number): void {
    if (this.#stopped) return;
    this.#timer = this.#timers.set(() => {
      this.#timer = null;
      this.#open();
    }, delay);
  }
}

function isRefusal(name: string): name is Refused {
  return REFUSALS.has(name);
}
