import type { Duplex } from 'node:stream';
import { RpcError } from '../peer/index.ts';
import { SESSION_VERSION } from './limits.ts';
import type { AgentToDaemon, DaemonToAgent, Result, SentParams } from './methods.ts';
import { type SessionCallHandler, sessionCalls } from './session-calls.ts';
import { AGENT_END, SessionWire } from './wire.ts';
import type { NotificationHandlers, WireCallOptions, WireHandlers, WireOptions } from './wire-types.ts';

/** What an agent does when clipmuxd sends something. */
export type AgentHandlers = WireHandlers &
  Omit<NotificationHandlers<DaemonToAgent>, 'session.cancel'> & {
    /** Without this handler there is no such method, as in agents that are older. */
    'session.call'?: SessionCallHandler;
  };

/** Who an agent is: session.hello without the version. */
export type AgentIdentity = Omit<SentParams<AgentToDaemon, 'session.hello'>, 'version'>;

/** What clipmuxd answers to session.hello. */
export type HelloAnswer = Result<AgentToDaemon, 'session.hello'>;

/** The agent's end of a session connection. */
export class AgentWire extends SessionWire<AgentToDaemon, DaemonToAgent> {
  #lastHostCall = 0;

  constructor(stream: Duplex, handlers: AgentHandlers, options: WireOptions = {}) {
    super(stream, AGENT_END, { ...handlers, ...sessionCalls(handlers['session.call']) }, options);
  }

  /**
   * Says hello: the first thing to do, and nothing else may be sent before it has resolved. Handlers may be called before that, for what clipmuxd
   * sent in the same breath as its answer.
   * @throws {RpcError} `denied`, `duplicate-agent`, `version-unsupported` and others from clipmuxd, which then closes the connection
   */
  async hello(identity: AgentIdentity, options: WireCallOptions = {}): Promise<HelloAnswer> {
    const answer = await this.rawCall('session.hello', { version: SESSION_VERSION, ...identity }, options);
    if (answer.version !== SESSION_VERSION) {
      const error = new RpcError(
        'version-unsupported',
        `clipmuxd chose version ${answer.version}, this agent speaks ${SESSION_VERSION}`,
      );
      void this.close(error);
      throw error;
    }
    return answer;
  }

  /**
   * Calls a method of the host. clipmuxd answers each call, at the latest when the time that its configuration gives is over.
   * @param params any JSON object; numbers are doubles, so what has more than 53 bits is to be sent as text
   * @param options.timeoutMs at most this long; aborting `options.signal` takes the call back
   * @returns what the host returned, whatever JSON it is
   * @throws {RpcError} `host-error` with the host's class and description as its details, `not-allowed`, `host-absent`, `timed-out`, `cancelled`,
   * `too-large`, `limit-exceeded`, `connection-closed`
   */
  async hostCall(
    method: string,
    params: Readonly<Record<string, unknown>> = {},
    { timeoutMs, signal }: WireCallOptions = {},
  ): Promise<unknown> {
    this.#lastHostCall += 1;
    const call = this.#lastHostCall;
    const answer = this.rawCall(
      'host.call',
      { call, method, params, ...(timeoutMs !== undefined && { timeoutMs }) },
      { timeoutMs: Number.POSITIVE_INFINITY, ...(signal && { signal }) },
    );
    if (!signal || signal.aborted) return (await answer).return;
    const cancel = (): void => this.notify('host.cancel', { call });
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return (await answer).return;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }
}
