import type { Socket } from 'node:net';
import { type Logger, type PeerCredentials, type Pidfd, peerCredentials, peerPidfd } from '@clipmux/posix';
import {
  type AgentToDaemon,
  type CancelSignal,
  type CloseReason,
  type ContentAnswer,
  type DaemonHandlers,
  DaemonWire,
  type HelloParams,
  type Params,
  RpcError,
} from '@clipmux/rpc';
import type { Selection, SessionId } from '../arbiter/index.ts';
import type { PasteCutShort, SessionOffer, SessionPeer } from '../exchange/index.ts';
import type { OutgoingContent } from '../host-link/index.ts';
import type { LoginSession } from './login-sessions.ts';

/** What is known of a session from the moment it is let in. */
export interface SessionInfo {
  readonly id: SessionId;
  readonly credentials: PeerCredentials;
  /** The X11 display, as the agent names it. */
  readonly display: string;
  /** Its login session when it was let in; null where there is none. */
  readonly login: LoginSession | null;
  readonly agent: { readonly name: string; readonly version: string };
  /** When it was let in, in milliseconds since 1970. */
  readonly since: number;
}

/** What a connection makes happen. Called in the order of the wire. */
export interface SessionListener {
  /** An agent has said who it is. Gives the session its id and its login session, or rejects with an RpcError to turn it away. */
  admit(session: Session, hello: HelloParams): Promise<{ id: SessionId; login: LoginSession | null }>;
  /** The agent knows its id and may be spoken to. */
  connected(session: Session): void;
  /** The connection of an agent that was let in is over, whether or not it came to be `connected`. */
  left(session: Session, reason: CloseReason): void;
  grab(session: Session, selection: Selection, offer: SessionOffer): void;
  release(session: Session, selection: Selection, seen: number): void;
  request(session: Session, selection: Selection, type: string, signal: CancelSignal): Promise<ContentAnswer>;
  callHost(session: Session, call: HostCallParams): Promise<{ readonly return: unknown }>;
  /** The agent takes a call to the host back, by its number for it. */
  cancelHostCall(session: Session, call: number): void;
}

/** A call to the host, as the agent made it. */
export type HostCallParams = Params<AgentToDaemon, 'host.call'>;

/** How transfers with a session are bounded. */
export interface TransferSettings {
  /** Largest content taken from it. */
  readonly maxBytes: number;
  /** Time, in ms, in which it must begin to answer. */
  readonly answerTimeoutMs: number;
  /** Time, in ms, in which it must take something of what it asked for, or lose it. Holds for agents that connect from now on. */
  readonly stallTimeoutMs: number;
}

export interface SessionOptions {
  readonly transfers: () => TransferSettings;
  readonly version: string;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** One agent's connection, from hello to the end. */
export class Session implements SessionPeer {
  readonly credentials: PeerCredentials;
  readonly #wire: DaemonWire;
  readonly #transfers: () => TransferSettings;
  /** Held until the agent is let in: it tells the process that connected from another with its number. */
  #peer: Pidfd | null;
  #info: SessionInfo | null = null;

  /** @throws PosixError where the kernel cannot tell who connected */
  constructor(socket: Socket, listener: SessionListener, options: SessionOptions) {
    this.credentials = peerCredentials(socket);
    this.#peer = openPeer(socket);
    const { version, logger } = options;
    const handlers: DaemonHandlers = {
      'session.hello': async (hello) => {
        const { id, login } = await this.#admit(listener, hello);
        const { display, agent } = hello;
        this.#info = { id, credentials: this.credentials, display, login, agent, since: options.now() };
        // It may have left while it was being looked up.
        const { closeReason } = this.#wire;
        if (closeReason) listener.left(this, closeReason);
        return { session: id, daemon: { version } };
      },
      ready: () => listener.connected(this),
      'selection.grab': ({ selection, types, secret, seen }) => listener.grab(this, selection, { types, secret, seen }),
      'selection.release': ({ selection, seen }) => listener.release(this, selection, seen),
      'selection.request': ({ selection, type }, { signal }) => listener.request(this, selection, type, signal),
      'host.call': (call) => listener.callHost(this, call),
      'host.cancel': ({ call }) => listener.cancelHostCall(this, call),
      closed: (reason) => {
        this.#closePeer();
        const { uid, pid } = this.credentials;
        if (this.#info) listener.left(this, reason);
        else logger.info('an agent did not get in', { uid, pid, error: reason.name, reason: reason.message });
      },
      internalError: (error, where) => logger.error('internal error', { where, error: String(error) }),
    };
    this.#transfers = options.transfers;
    this.#wire = new DaemonWire(socket, handlers, { sendStallTimeoutMs: options.transfers().stallTimeoutMs });
  }

  /** Throws while the agent has not been let in. */
  get info(): SessionInfo {
    if (!this.#info) throw new Error('this agent has not been let in');
    return this.#info;
  }

  /** Whether the agent has not been let in yet. */
  get pending(): boolean {
    return this.#info === null;
  }

  /** Whether the very process that connected still runs. False once it has been let in: then its number may be reused. */
  peerIsAlive(): boolean {
    return this.#peer?.isAlive() ?? false;
  }

  /** Whether the agent answers within so many ms. */
  async isAlive(timeoutMs: number): Promise<boolean> {
    try {
      await this.#wire.ping({ timeoutMs });
      return true;
    } catch {
      return false;
    }
  }

  grab(selection: Selection, serial: number, types: readonly string[]): void {
    this.#wire.notify('selection.grab', { selection, serial, types: [...types] });
  }

  release(selection: Selection, serial: number): void {
    this.#wire.notify('selection.release', { selection, serial });
  }

  pasteCutShort(paste: PasteCutShort): void {
    this.#wire.notify('paste.cut-short', paste);
  }

  /** @param limit bytes at most; default what the settings say */
  async request(selection: Selection, type: string, signal: CancelSignal, limit?: number): Promise<OutgoingContent> {
    const { maxBytes, answerTimeoutMs } = this.#transfers();
    const options = { maxBytes: limit ?? maxBytes, answerTimeoutMs, signal };
    const { size, type: answered, content } = await this.#wire.request({ selection, type }, options);
    if (answered === type) return { size, pieces: content };
    // Whoever asked would take the bytes for what they are not.
    const error = new RpcError('protocol-error', `the agent answered with ${answered}, asked for ${type}`);
    content.cancel(error);
    throw error;
  }

  /**
   * Calls the program of the session that serves the method.
   * @param options.timeoutMs how long the program may take
   * @throws {RpcError} as `session.call` in docs/protocol.md; `method-not-found` where the agent is too old to be called
   */
  async call(
    method: string,
    params: Readonly<Record<string, unknown>>,
    options: { readonly timeoutMs: number; readonly signal: CancelSignal },
  ): Promise<unknown> {
    try {
      return await this.#wire.sessionCall(method, params, options);
    } catch (error) {
      if (!(error instanceof RpcError) || error.name !== 'method-not-found') throw error;
      const { name, version } = this.info.agent;
      throw new RpcError(
        'method-not-found',
        `the agent of this session, ${name} ${version}, is too old to call programs: restart it, or log in again, after the upgrade`,
      );
    }
  }

  /** Ends the connection; the agent is told why. Never rejects. */
  close(error?: RpcError): Promise<void> {
    return this.#wire.close(error);
  }

  async #admit(listener: SessionListener, hello: HelloParams): Promise<{ id: SessionId; login: LoginSession | null }> {
    try {
      return await listener.admit(this, hello);
    } finally {
      this.#closePeer();
    }
  }

  #closePeer(): void {
    this.#peer?.close();
    this.#peer = null;
  }
}

/** Null where the process has gone already: then nothing can be said of it by its number. */
function openPeer(socket: Socket): Pidfd | null {
  try {
    return peerPidfd(socket);
  } catch {
    return null;
  }
}
