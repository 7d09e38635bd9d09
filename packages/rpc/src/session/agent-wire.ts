import type { Duplex } from 'node:stream';
import { RpcError } from '../peer/index.ts';
import { SESSION_VERSION } from './limits.ts';
import type { AgentToDaemon, DaemonToAgent, Result, SentParams } from './methods.ts';
import { AGENT_END, SessionWire } from './wire.ts';
import type { NotificationHandlers, WireCallOptions, WireHandlers, WireOptions } from './wire-types.ts';

/** What an agent does when clipmuxd sends something. */
export type AgentHandlers = WireHandlers & NotificationHandlers<DaemonToAgent>;

/** Who an agent is: session.hello without the version. */
export type AgentIdentity = Omit<SentParams<AgentToDaemon, 'session.hello'>, 'version'>;

/** What clipmuxd answers to session.hello. */
export type HelloAnswer = Result<AgentToDaemon, 'session.hello'>;

/** The agent's end of a session connection. */
export class AgentWire extends SessionWire<AgentToDaemon, DaemonToAgent> {
  constructor(stream: Duplex, handlers: AgentHandlers, options: WireOptions = {}) {
    super(stream, AGENT_END, handlers, options);
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
}
