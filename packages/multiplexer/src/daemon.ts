import type { Logger } from '@clipmux/posix';
import type { CloseReason, ContentAnswer, HelloParams } from '@clipmux/rpc';
import type { Selection, SessionId } from './arbiter/index.ts';
import { Multiplexer, type SessionOffer } from './exchange/index.ts';
import { HostLink } from './host-link/index.ts';
import { PortKeeper, type PortTransport } from './port/index.ts';
import {
  admitWithoutLogind,
  type ListenAddress,
  type Session,
  type SessionListener,
  SessionRegistry,
  SessionServer,
} from './sessions/index.ts';

export interface DaemonOptions {
  readonly transport: PortTransport;
  readonly sessionSocket: ListenAddress;
  readonly version: string;
  readonly logger: Logger;
}

/** clipmuxd as a whole: the port, the link to the host, the sessions, and the multiplexer between them. */
export class Daemon implements SessionListener {
  readonly #logger: Logger;
  readonly #sessionSocket: ListenAddress;
  readonly #registry = new SessionRegistry();
  readonly #server: SessionServer;
  readonly #keeper: PortKeeper;
  readonly #multiplexer: Multiplexer;

  constructor(options: DaemonOptions) {
    const { logger, transport, version } = options;
    this.#logger = logger;
    this.#sessionSocket = options.sessionSocket;
    this.#keeper = new PortKeeper({ transport, logger: logger.child('port') });
    this.#multiplexer = new Multiplexer({ logger: logger.child('arbiter'), port: this.#keeper });
    const { nextRequest } = this.#multiplexer;
    const hostLink = new HostLink(this.#multiplexer, { logger: logger.child('host'), nextRequest });
    this.#multiplexer.hostLink = hostLink;
    this.#keeper.on('open', (stream) => hostLink.open(stream));
    this.#keeper.on('close', () => hostLink.close());
    this.#server = new SessionServer(this, { version, logger: logger.child('sessions') });
  }

  /** Resolves when agents can connect; the port is opened as soon as it can be. @throws {ListenError} */
  async start(): Promise<void> {
    await this.#server.listen(this.#sessionSocket);
    this.#keeper.start();
  }

  /** Tells the agents, closes the port. Never rejects. */
  async stop(): Promise<void> {
    await this.#server.close();
    this.#keeper.stop();
  }

  // --- what sessions do

  admit(session: Session, _hello: HelloParams): SessionId {
    admitWithoutLogind(session.credentials, process.getuid?.() ?? -1);
    return this.#registry.nextId();
  }

  connected(session: Session): void {
    const { id, credentials, display, agent } = session.info;
    const { uid, pid } = credentials;
    this.#logger.info('a session connected', {
      session: id,
      uid,
      pid,
      display,
      agent: `${agent.name} ${agent.version}`,
    });
    this.#registry.add(session);
    this.#multiplexer.connect(id, session);
    this.#chooseEligible();
  }

  disconnected(session: Session, reason: CloseReason): void {
    const { id } = session.info;
    this.#logger.info('a session disconnected', { session: id, reason: reason.message });
    this.#registry.remove(session);
    this.#multiplexer.disconnect(id);
    this.#chooseEligible();
  }

  grab(session: Session, selection: Selection, offer: SessionOffer): void {
    this.#multiplexer.sessionGrab(session.info.id, selection, offer);
  }

  release(session: Session, selection: Selection, seen: number): void {
    this.#multiplexer.sessionRelease(session.info.id, selection, seen);
  }

  request(session: Session, selection: Selection, type: string, signal: AbortSignal): Promise<ContentAnswer> {
    return this.#multiplexer.requestFromSession(session.info.id, selection, type, signal);
  }

  #chooseEligible(): void {
    this.#multiplexer.setEligible(this.#registry.newest());
  }
}
