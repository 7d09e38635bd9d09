import type { Socket } from 'node:net';
import type { Logger, PeerCredentials } from '@clipmux/posix';
import {
  type CloseReason,
  type ContentAnswer,
  type DaemonHandlers,
  DaemonWire,
  type HelloParams,
  type RpcError,
} from '@clipmux/rpc';
import type { Selection, SessionId } from '../arbiter/index.ts';
import type { PasteCutShort, SessionOffer, SessionPeer } from '../exchange/index.ts';
import type { OutgoingContent } from '../host-link/index.ts';
import { DEFAULT_MAX_SESSION_CONTENT_BYTES } from './limits.ts';

/** What is known of a session, for a person who asks. */
export interface SessionInfo {
  readonly id: SessionId;
  readonly credentials: PeerCredentials;
  /** The X11 display, as the agent names it. */
  readonly display: string;
  /** The logind session that the agent names; not checked here. */
  readonly logindSession: string | null;
  readonly agent: { readonly name: string; readonly version: string };
  /** When the agent connected, in milliseconds since 1970. */
  readonly since: number;
}

/** What a connection makes happen. Called in the order of the wire. */
export interface SessionListener {
  /** An agent has said who it is. Gives the session its id, or throws RpcError to turn it away. */
  admit(session: Session, hello: HelloParams): SessionId;
  /** The agent knows its id and may be spoken to. */
  connected(session: Session): void;
  /** The connection is over; called once for each `connected`. */
  disconnected(session: Session, reason: CloseReason): void;
  grab(session: Session, selection: Selection, offer: SessionOffer): void;
  release(session: Session, selection: Selection, seen: number): void;
  request(session: Session, selection: Selection, type: string, signal: AbortSignal): Promise<ContentAnswer>;
}

export interface SessionOptions {
  readonly credentials: PeerCredentials;
  readonly version: string;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** One agent's connection, from hello to the end. */
export class Session implements SessionPeer {
  readonly #wire: DaemonWire;
  readonly #credentials: PeerCredentials;
  #info: SessionInfo | null = null;

  constructor(socket: Socket, listener: SessionListener, options: SessionOptions) {
    const { credentials, version, logger, now } = options;
    this.#credentials = credentials;
    let open = false;
    const handlers: DaemonHandlers = {
      'session.hello': (hello) => {
        const id = listener.admit(this, hello);
        this.#info = {
          id,
          credentials,
          display: hello.display,
          logindSession: hello.session,
          agent: hello.agent,
          since: now(),
        };
        return { session: id, daemon: { version } };
      },
      ready: () => {
        open = true;
        listener.connected(this);
      },
      'selection.grab': ({ selection, types, secret, seen }) => listener.grab(this, selection, { types, secret, seen }),
      'selection.release': ({ selection, seen }) => listener.release(this, selection, seen),
      'selection.request': ({ selection, type }, { signal }) => listener.request(this, selection, type, signal),
      closed: (reason) => {
        if (open) listener.disconnected(this, reason);
        else
          logger.info('an agent did not get in', {
            uid: credentials.uid,
            pid: credentials.pid,
            reason: reason.message,
          });
      },
      internalError: (error, where) => logger.error('internal error', { where, error: String(error) }),
    };
    this.#wire = new DaemonWire(socket, handlers);
  }

  /** Throws while the agent has not said hello. */
  get info(): SessionInfo {
    if (!this.#info) throw new Error('this agent has not said hello');
    return this.#info;
  }

  get credentials(): PeerCredentials {
    return this.#credentials;
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

  async request(selection: Selection, type: string, signal: AbortSignal): Promise<OutgoingContent> {
    const question = { selection, type };
    const { size, content } = await this.#wire.request(question, {
      maxBytes: DEFAULT_MAX_SESSION_CONTENT_BYTES,
      signal,
    });
    return { size, pieces: content };
  }

  /** Ends the connection; the agent is told why. Never rejects. */
  close(error?: RpcError): Promise<void> {
    return this.#wire.close(error);
  }
}
