import { randomInt } from 'node:crypto';
import { collectYoungGarbage, type Logger } from '@clipmux/posix';
import { type CancelSignal, type CloseReason, type ContentAnswer, type HelloParams, RpcError } from '@clipmux/rpc';
import type { Selection, SessionId } from '../arbiter/index.ts';
import { changedSettings, type Settings, settingsInForce } from '../config/index.ts';
import { Multiplexer, type SessionOffer } from '../exchange/index.ts';
import { HostCalls } from '../host-calls/index.ts';
import { HostLink } from '../host-link/index.ts';
import { type Candidate, type Choice, EligibilityKeeper } from '../policy/index.ts';
import { PortKeeper, type PortTransport } from '../port/index.ts';
import { Relay } from '../relay/index.ts';
import {
  Gatekeeper,
  type HostCallParams,
  type ListenAddress,
  type LoginSession,
  type RegisteredSession,
  type Session,
  type SessionListener,
  SessionRegistry,
  SessionServer,
  userIds,
} from '../sessions/index.ts';
import { Happenings } from './happenings.ts';
import { type LoginNews, type LoginSource, Logins } from './logins.ts';
import { presentState } from './present-state.ts';
import { rulesOfSettings } from './rules-of-settings.ts';

import { Traffic } from './traffic.ts';

/** Calls to the host are numbered from somewhere below this: two starts seldom meet, and the numbers can be read in a log. */
const FIRST_CALL_MAX = 1_000_000_000;

export interface DaemonOptions {
  readonly transport: PortTransport;
  /** The port for calls of sessions to the host; null: there is none. */
  readonly hostCallsTransport: PortTransport | null;
  readonly sessionSocket: ListenAddress;
  readonly settings: Settings;
  /** Where the settings come from. */
  readonly configFiles: readonly string[];
  /** Null: logind is not to be asked. */
  readonly logind: LoginSource | null;
  readonly version: string;
  readonly logger: Logger;
}

/** clipmuxd as a whole: the port, the link to the host, the sessions, who takes part, and the multiplexer between them. */
export class Daemon implements SessionListener {
  readonly logger: Logger;
  readonly registry = new SessionRegistry();
  readonly happenings: Happenings;
  readonly keeper: PortKeeper;
  readonly multiplexer: Multiplexer;
  readonly hostLink: HostLink;
  readonly #traffic = new Traffic(collectYoungGarbage);
  readonly hostCalls: HostCalls;
  readonly relay: Relay;
  readonly eligibility: EligibilityKeeper;
  readonly logins: Logins;
  readonly version: string;
  readonly configFiles: readonly string[];
  readonly #sessionSocket: ListenAddress;
  readonly #server: SessionServer;
  readonly #gatekeeper: Gatekeeper;
  readonly #settingsAtStart: Settings;
  #settings: Settings;
  #users: ReadonlySet<number> | null = null;

  constructor(options: DaemonOptions) {
    const { logger, transport, version, settings } = options;
    this.logger = logger;
    this.version = version;
    this.configFiles = options.configFiles;
    this.#sessionSocket = options.sessionSocket;
    this.#settingsAtStart = settings;
    this.#settings = settings;
    this.logins = new Logins(options.logind);
    this.keeper = new PortKeeper({ transport, logger: logger.child('port') });
    this.happenings = new Happenings(this.registry, Date.now);
    const observer = this.happenings;
    this.multiplexer = new Multiplexer({
      logger: logger.child('arbiter'),
      port: this.keeper,
      observer,
      tellsPerson: () => this.#settings.notifications.pasteCutShort,
    });
    this.relay = this.#makeRelay(settings.relay.socket);
    this.hostLink = this.#makeHostLink();
    this.hostCalls = this.#makeHostCalls(options.hostCallsTransport);
    this.eligibility = this.#makeEligibility(settings);
    this.#gatekeeper = new Gatekeeper({
      registry: this.registry,
      logins: () => this.logins,
      rules: () => ({ ownUid: ownUid(), users: this.#users, maxPerUser: this.#settings.limits.connectionsPerUser }),
      logger: logger.child('sessions'),
      now: Date.now,
    });
    this.#server = new SessionServer(this, {
      version,
      logger: logger.child('sessions'),
      now: Date.now,
      limits: () => this.#settings.limits,
      transfers: () => ({
        maxBytes: this.#settings.guestToHost.maxBytes,
        answerTimeoutMs: this.#settings.timeouts.sessionAnswerMs,
        stallTimeoutMs: this.#settings.timeouts.sessionStallMs,
      }),
    });
    this.logger.level = settings.log.level;
    this.#apply();
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** Takes other settings. What needs a restart stays as it was. */
  set settings(settings: Settings) {
    const policyBefore = this.#settings.policy;
    const levelBefore = this.#settings.log.level;
    this.#settings = settings;
    this.#apply();
    this.#endWhere((session) => this.#gatekeeper.objection(session));
    // What an administrator has chosen meanwhile holds, unless the file says something else than it did.
    if (levelBefore !== settings.log.level) this.logger.level = settings.log.level;
    if (JSON.stringify(policyBefore) !== JSON.stringify(settings.policy)) this.eligibility.policy = settings.policy;
  }

  /** What holds: the settings as far as they have taken effect, and what an administrator has chosen since. */
  get settingsInForce(): Settings {
    const chosen = { policy: this.eligibility.policy, log: { level: this.logger.level } };
    return settingsInForce(this.#settingsAtStart, { ...this.#settings, ...chosen });
  }

  /** The keys whose values take effect when clipmuxd starts again. */
  get awaitingRestart(): readonly string[] {
    const changed = changedSettings(this.#settingsAtStart, this.#settings);
    return changed.filter(({ needsRestart }) => needsRestart).map(({ name }) => name);
  }

  /** What an administrator is told where nobody knows login sessions. */
  readonly withoutLogind =
    'without logind only root, clipmuxd’s own user and the users that the configuration names may connect; the newest session takes part';

  /** Resolves when agents can connect; the port is opened as soon as it can be. @throws {ListenError} */
  async start(): Promise<void> {
    this.logins.refresh();
    if (!this.logins.available) {
      this.logger.warning(this.withoutLogind);
    }
    this.eligibility.refresh();
    await this.#server.listen(this.#sessionSocket);
    await this.relay.start();
    this.keeper.start();
    this.hostCalls.start();
  }

  /** Tells the agents, closes the ports. Never rejects. */
  async stop(): Promise<void> {
    await this.#server.close();
    this.keeper.stop();
    this.hostCalls.stop();
    await this.relay.stop();
  }

  /** logind has something new to say. */
  loginsChanged(): void {
    const news = this.logins.refresh();
    this.#endWhere(({ info }) => objectionAfter(news, info.login));
    this.eligibility.refresh();
  }

  /** The login session of an agent as it is now; as it was when the agent was let in where nobody can tell. */
  loginOf(session: Session): LoginSession | null {
    const { login } = session.info;
    return login && (this.logins.sessions.get(login.id) ?? login);
  }

  // --- what sessions do

  admit(session: Session, hello: HelloParams): Promise<{ id: SessionId; login: LoginSession | null }> {
    return this.#gatekeeper.admit(session, hello);
  }

  connected(session: Session): void {
    const { id, credentials, display, agent, login } = session.info;
    const registered = this.registry.get(id);
    if (!registered) return;
    registered.connected = true;
    this.logger.info('a session connected', {
      session: id,
      uid: credentials.uid,
      pid: credentials.pid,
      display,
      login: login?.id ?? 'none',
      agent: `${agent.name} ${agent.version}`,
    });
    this.happenings.tell({ kind: 'session-added', session: id, uid: credentials.uid, display });
    this.multiplexer.connect(id, session);
    this.eligibility.refresh();
  }

  left(session: Session, reason: CloseReason): void {
    const { id } = session.info;
    this.logger.info('a session disconnected', { session: id, reason: reason.message });
    const known = this.registry.get(id)?.connected ?? false;
    this.registry.remove(id);
    if (known) this.happenings.tell({ kind: 'session-removed', session: id, reason: reason.message });
    this.multiplexer.disconnect(id);
    this.hostCalls.left(id);
    this.eligibility.refresh();
  }

  grab(session: Session, selection: Selection, offer: SessionOffer): void {
    const { id } = session.info;
    const registered = this.registry.get(id);
    if (registered) {
      registered.lastActivity = Date.now();
      registered.counters.copies += 1;
    }
    this.multiplexer.sessionGrab(id, selection, offer);
    // The newest activity may decide who takes part, unless that is who takes part already.
    if (this.eligibility.choice.session !== id) this.eligibility.refresh(selection);
  }

  release(session: Session, selection: Selection, seen: number): void {
    this.multiplexer.sessionRelease(session.info.id, selection, seen);
  }

  request(session: Session, selection: Selection, type: string, signal: CancelSignal): Promise<ContentAnswer> {
    return this.multiplexer.requestFromSession(session.info.id, selection, type, signal);
  }

  callHost(session: Session, call: HostCallParams): Promise<{ readonly return: unknown }> {
    return this.hostCalls.call(session.info.id, call);
  }

  cancelHostCall(session: Session, call: number): void {
    this.hostCalls.cancel(session.info.id, call);
  }

  // --- how it is put together

  #makeHostCalls(transport: PortTransport | null): HostCalls {
    const hostCalls = new HostCalls({
      transport,
      settings: () => this.#settings.hostCalls,
      present: () => presentState(this.registry, this.eligibility.choice, this.multiplexer.state.ledger),
      version: this.version,
      logger: this.logger.child('host-calls'),
      now: Date.now,
      firstCall: randomInt(1, FIRST_CALL_MAX),
    });
    this.happenings.subscribe((happening) => hostCalls.tell(happening));
    return hostCalls;
  }

  /** Both are closures over the link, which is made with the relay. */
  #makeRelay(path: string | null): Relay {
    const link = () => this.hostLink;
    const { keeper } = this;
    const host = {
      get outOfDate() {
        return link().outOfDate;
      },
      get busy() {
        return link().busy;
      },
      renew: () => keeper.reset('what the guest can has changed: the host is told by a new handshake'),
      send: (...message: Parameters<HostLink['relay']>) => link().relay(...message),
    };
    return new Relay({ path, host, logger: this.logger.child('relay'), now: Date.now });
  }

  #makeHostLink(): HostLink {
    const { nextRequest } = this.multiplexer;
    const hostLink: HostLink = new HostLink(this.multiplexer, {
      logger: this.logger.child('host'),
      nextRequest,
      relay: this.relay,
      agreed: ({ kind }) => {
        this.multiplexer.setRules(rulesOfSettings(this.#settings, kind));
        this.#tellHost();
      },
      settings: () => ({
        maxContentBytes: this.#settings.hostToGuest.maxBytes,
        normaliseVncText: this.#settings.text.normaliseVnc,
        hostAnswerMs: this.#settings.timeouts.hostAnswerMs,
        settleMs: this.#settings.timeouts.settleMs,
        maxHostRequests: this.#settings.limits.hostRequests,
      }),
    });
    this.multiplexer.hostLink = hostLink;
    this.keeper.on('open', (stream) => {
      hostLink.open(stream);
      stream.on('data', this.#traffic.passed);
      this.#tellPort();
    });
    this.keeper.on('close', () => {
      hostLink.close();
      this.#tellPort();
      this.#tellHost();
    });
    return hostLink;
  }

  #tellPort(): void {
    const { state, lastError } = this.keeper.status;
    this.happenings.tell({ kind: 'port', state, error: lastError?.message ?? null });
  }

  #tellHost(): void {
    const { agreement } = this.hostLink;
    this.happenings.tell({
      kind: 'host',
      attached: agreement !== null,
      type: agreement?.kind ?? null,
      capabilities: agreement?.capabilities.names() ?? [],
      clipboard: agreement?.features != null,
    });
  }

  #makeEligibility(settings: Settings): EligibilityKeeper {
    const facts = {
      candidates: () => this.registry.connected().flatMap(([id, registered]) => this.#candidate(id, registered)),
      seatActive: () => this.logins.seatActive(),
      knowledge: () => this.logins.knowledge,
    };
    return new EligibilityKeeper(facts, settings.policy, (choice, copied) => this.#chosen(choice, copied));
  }

  /** None for an agent whose login session is not known (yet, or any more): whether it is locked cannot be told. */
  #candidate(id: SessionId, { session, lastActivity }: RegisteredSession): Candidate[] {
    const login = this.loginOf(session);
    if (login && !this.logins.sessions.has(login.id)) return [];
    return [{ id, logindId: login?.id ?? null, seat: login?.seat ?? '', locked: login?.locked ?? false, lastActivity }];
  }

  #chosen({ session, reason }: Choice, copied?: Selection): void {
    this.logger.info('who takes part', { session: session ?? 'nobody', reason });
    this.happenings.tell({ kind: 'eligible', session, reason });
    this.multiplexer.setEligible(session, copied);
  }

  #apply(): void {
    const { access, privacy } = this.#settings;
    this.#users = access.users && this.#lookUp(access.users);
    this.multiplexer.setWipeAfter(privacy.wipeAfterMs);
    this.multiplexer.setRules(rulesOfSettings(this.#settings, this.hostLink.agreement?.kind ?? null));
  }

  #lookUp(users: readonly (string | number)[]): ReadonlySet<number> {
    const { uids, unknown } = userIds(users);
    if (unknown.length > 0) this.logger.warning('users that nobody knows', { users: unknown.join(' ') });
    return uids;
  }

  #endWhere(objection: (session: Session) => RpcError | null): void {
    for (const [id, { session }] of this.registry.connected()) {
      const error = objection(session);
      if (!error) continue;
      this.logger.info('a session may not stay', { session: id, reason: error.message });
      void session.close(error);
    }
  }
}

/** Why an agent may not stay, now that logind has told news: its login session has ended, or was not known when it was let in. */
function objectionAfter({ ended, appeared }: LoginNews, login: LoginSession | null): RpcError | null {
  if (login) return ended.has(login.id) ? new RpcError('denied', 'the login session has ended') : null;
  return appeared ? new RpcError('shutting-down', 'login sessions are known now: connect again') : null;
}

function ownUid(): number {
  return process.getuid?.() ?? -1;
}
