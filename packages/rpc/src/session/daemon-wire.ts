import type { Duplex } from 'node:stream';
import { JSON_FRAME_BYTES_MAX } from '../frame/index.ts';
import {
  type CallContext,
  Cancellation,
  type CancelSignal,
  NODE_TIMERS,
  PENDING_CALLS_MAX,
  RpcError,
  rpcErrorOfSignal,
  type TimerHandle,
  type Timers,
} from '../peer/index.ts';
import { jsonProblem } from './json-bounds.ts';
import {
  HELLO_TIMEOUT_MS,
  HOST_RETURN_BYTES_MAX,
  OPEN_TRANSFERS_MAX,
  SESSION_CALL_GRACE_MS,
  SESSION_CALLS_MAX,
  SESSION_VERSION,
} from './limits.ts';
import {
  AGENT_TO_DAEMON,
  type AgentToDaemon,
  type DaemonToAgent,
  type Params,
  parseFields,
  type Result,
} from './methods.ts';
import { tooManyCalls } from './session-calls.ts';
import { DAEMON_END, SessionWire } from './wire.ts';
import type { NotificationHandlers, WireHandlers, WireOptions } from './wire-types.ts';

/** What an agent says of itself. */
export type HelloParams = Params<AgentToDaemon, 'session.hello'>;

/** The part of the answer to session.hello that clipmuxd decides; the wire adds version and limits. */
export type HelloDecision = Pick<Result<AgentToDaemon, 'session.hello'>, 'session' | 'daemon'>;

/** What clipmuxd does when an agent sends something. */
export type DaemonHandlers = WireHandlers &
  Omit<NotificationHandlers<AgentToDaemon>, 'host.cancel'> & {
    /**
     * Calls the host for the agent. `call` is the agent's number of it, for `host.cancel`. Without this handler there is no such method.
     * @throws {RpcError} `not-allowed`, `host-absent`, `host-error`, `timed-out`, `cancelled`, `too-large`, `limit-exceeded`
     */
    'host.call'?(
      params: Params<AgentToDaemon, 'host.call'>,
      context: CallContext,
    ): Promise<{ readonly return: unknown }>;
    /** The agent takes a call to the host back; it may be over already. */
    'host.cancel'?(params: Params<AgentToDaemon, 'host.cancel'>): void;
    /** Lets the agent in, or throws RpcError (`denied`, `duplicate-agent`, …): the agent is told, and the connection ends. */
    'session.hello'(params: HelloParams, context: CallContext): HelloDecision | Promise<HelloDecision>;
    /** The answer to session.hello has been sent: from now on the agent may be sent grabs and asked for content. */
    ready?(): void;
  };

/** Settings of clipmuxd's end. */
export interface DaemonWireOptions extends WireOptions {
  /** Milliseconds in which the agent must have said hello; {@link HELLO_TIMEOUT_MS} if not given. */
  readonly helloTimeoutMs?: number;
}

/** What stands in for the handlers that are optional. */
const NO_HOST_CALLS = {
  'host.call': () => {
    throw new RpcError('method-not-found', 'no such method here');
  },
  'host.cancel': () => {},
};

/** clipmuxd's end of a session connection. It sees to it that the agent says hello first and waits for the answer. */
export class DaemonWire extends SessionWire<DaemonToAgent, AgentToDaemon> {
  readonly #handlers: DaemonHandlers;
  readonly #options: DaemonWireOptions;
  /** For delays that the wire's shared timers are not made for: they keep a timer for each different one. */
  readonly #longTimers: Timers;
  #phase: 'expecting-hello' | 'answering-hello' | 'open' = 'expecting-hello';
  #helloTimer: TimerHandle | undefined;
  #lastSessionCall = 0;
  #sessionCalls = 0;

  constructor(stream: Duplex, handlers: DaemonHandlers, options: DaemonWireOptions = {}) {
    super(stream, DAEMON_END, { ...NO_HOST_CALLS, ...handlers }, options);
    this.#handlers = handlers;
    this.#options = options;
    this.#longTimers = options.timers ?? NODE_TIMERS;
    const silent = () => void this.close(new RpcError('hello-required', 'no session.hello in time'));
    this.#helloTimer = this.#longTimers.set(silent, options.helloTimeoutMs ?? HELLO_TIMEOUT_MS);
  }

  /**
   * Calls a method in the session, which a program there serves.
   * @param params any JSON object; numbers are doubles
   * @param options.timeoutMs how long the program may take; an agent that says nothing is given {@link SESSION_CALL_GRACE_MS} more
   * @param options.signal takes the call back
   * @returns what the program returned, whatever JSON it is
   * @throws {RpcError} `not-served`, `program-error` with the program's message as its details, `program-left`, `timed-out`, `cancelled`,
   * `too-large`, `limit-exceeded`, `connection-closed`; `method-not-found` where the agent is older than such calls
   */
  async sessionCall(
    method: string,
    params: Readonly<Record<string, unknown>>,
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: CancelSignal },
  ): Promise<unknown> {
    // The agent refuses it too. Here so that one that hangs leaves room for pastes and pings.
    if (this.#sessionCalls >= SESSION_CALLS_MAX) throw tooManyCalls();
    this.#lastSessionCall += 1;
    this.#sessionCalls += 1;
    const call = this.#lastSessionCall;
    const over = new Cancellation();
    const late = new RpcError('timed-out', 'the agent of the session does not answer: it hangs, or is stopped');
    const timer = this.#longTimers.set(() => over.abort(late), timeoutMs + SESSION_CALL_GRACE_MS);
    const takeBack = (): void => over.abort(signal && rpcErrorOfSignal(signal));
    signal?.addEventListener('abort', takeBack, { once: true });
    if (signal?.aborted) takeBack();
    try {
      const options = { timeoutMs: Number.POSITIVE_INFINITY, signal: over };
      const answer = await this.rawCall('session.call', { call, method, params, timeoutMs }, options);
      const problem = jsonProblem(answer.return, HOST_RETURN_BYTES_MAX);
      if (problem !== undefined) throw new RpcError('too-large', `what the program returned must ${problem}`);
      return answer.return;
    } catch (error) {
      // It was not the agent that ended it, so it may be at work on it still.
      if (error instanceof RpcError && !error.remote) this.notify('session.cancel', { call });
      throw error;
    } finally {
      this.#longTimers.clear(timer);
      signal?.removeEventListener('abort', takeBack);
      this.#sessionCalls -= 1;
    }
  }

  protected override admit(message: unknown): void {
    if (this.#phase === 'open') return;
    const { method, id } = (typeof message === 'object' && message !== null ? message : {}) as Record<string, unknown>;
    if (this.#phase === 'expecting-hello' && method === 'session.hello' && id !== undefined) {
      this.#phase = 'answering-hello';
      this.#clearHelloTimer();
      return;
    }
    // The agent may leave while clipmuxd is still making up its mind.
    if (this.#phase === 'answering-hello' && method === 'session.bye') return;
    const error = new RpcError('hello-required', 'an agent must say session.hello first and wait for the answer');
    if (method !== undefined) this.refuse(id, error);
    throw error;
  }

  protected override admitData(): void {
    if (this.#phase !== 'open')
      throw new RpcError('hello-required', 'an agent must say session.hello first and wait for the answer');
  }

  protected override answerHello(
    params: unknown,
    context: CallContext,
  ): Promise<Result<AgentToDaemon, 'session.hello'>> {
    if (this.#phase === 'open') throw new RpcError('invalid-request', 'session.hello has been said already');
    context.afterAnswer((error) => {
      if (error !== undefined) {
        void this.close(RpcError.fromWire(error));
        return;
      }
      this.#phase = 'open';
      this.#handlers.ready?.();
    });
    return this.#decide(params, context);
  }

  protected override ended(): void {
    this.#clearHelloTimer();
  }

  async #decide(unchecked: unknown, context: CallContext): Promise<Result<AgentToDaemon, 'session.hello'>> {
    const params = parseFields(AGENT_TO_DAEMON['session.hello'].params, unchecked);
    if (params.version < SESSION_VERSION) {
      throw new RpcError('version-unsupported', `clipmuxd speaks version ${SESSION_VERSION}, not ${params.version}`);
    }
    const { session, daemon } = await this.#handlers['session.hello'](params, context);
    const limits = {
      jsonFrameBytes: this.#options.jsonFrameBytesMax ?? JSON_FRAME_BYTES_MAX,
      openTransfers: this.#options.openTransfersMax ?? OPEN_TRANSFERS_MAX,
      pendingCalls: this.#options.pendingCallsMax ?? PENDING_CALLS_MAX,
    };
    return { version: SESSION_VERSION, session, daemon, limits };
  }

  #clearHelloTimer(): void {
    if (this.#helloTimer !== undefined) this.#longTimers.clear(this.#helloTimer);
    this.#helloTimer = undefined;
  }
}
