import type { Logger } from '@clipmux/posix';
import { type HelloParams, RpcError } from '@clipmux/rpc';
import type { SessionId } from '../arbiter/index.ts';
import { type AdmissionRules, checkAdmission } from './admission.ts';
import { displayServer } from './display-server.ts';
import { DUPLICATE_PING_TIMEOUT_MS } from './limits.ts';
import { type LoginSession, type LoginSessions, loginSessionOf } from './login-sessions.ts';
import type { Session } from './session.ts';
import type { SessionRegistry } from './session-registry.ts';

/** Decides who gets in: credentials, login session, limits, and one agent a session. */
export class Gatekeeper {
  readonly #registry: SessionRegistry;
  readonly #logins: () => LoginSessions;
  readonly #rules: () => AdmissionRules;
  readonly #logger: Logger;
  readonly #now: () => number;
  /** Places that are being decided on, so that two agents that come at once do not both find it free. */
  readonly #pending = new Map<string, Promise<unknown>>();

  constructor(options: {
    registry: SessionRegistry;
    logins: () => LoginSessions;
    rules: () => AdmissionRules;
    logger: Logger;
    now: () => number;
  }) {
    this.#registry = options.registry;
    this.#logins = options.logins;
    this.#rules = options.rules;
    this.#logger = options.logger;
    this.#now = options.now;
  }

  /** Lets the agent in, or not. @throws {RpcError} why it may not */
  async admit(session: Session, hello: HelloParams): Promise<{ id: SessionId; login: LoginSession | null }> {
    const { credentials } = session;
    const login = await this.#findLogin(session, hello);
    checkAdmission(
      credentials,
      login,
      this.#logins().available,
      this.#registry.countOf(credentials.uid),
      this.#rules(),
    );
    const place = placeOf(credentials.uid, login, hello.display);
    const id = await this.#inTurn(place, () => this.#claim(session, place));
    return { id, login };
  }

  /** Why an agent that was let in may not stay under the rules as they are now; null where it may. */
  objection(session: Session): RpcError | null {
    const { credentials, info } = session;
    try {
      checkAdmission(credentials, info.login, this.#logins().available, 0, this.#rules());
      return null;
    } catch (error) {
      if (error instanceof RpcError) return error;
      throw error;
    }
  }

  async #findLogin(session: Session, hello: HelloParams): Promise<LoginSession | null> {
    const logins = this.#logins();
    if (!logins.available) return null;
    const { pid, uid } = session.credentials;
    const ofPid = await logins.sessionOfPid(pid).catch((error: unknown) => {
      this.#logger.warning('cannot tell the login session of an agent', { pid, error: String(error) });
      return null;
    });
    // What was looked up by number is that process only if it was still alive afterwards.
    const own = session.peerIsAlive() ? ofPid : null;
    // It may have been started by a login that has just happened, and would not come back if it were turned away.
    if (!own) await logins.caughtUp();
    return loginSessionOf(uid, own, hello.session, logins.sessions);
  }

  /** Takes the place of the session's agent. A living one keeps it; a silent one is replaced. */
  async #claim(session: Session, place: string): Promise<SessionId> {
    const present = this.#registry.find(place);
    if (present) {
      if (await present.isAlive(DUPLICATE_PING_TIMEOUT_MS)) {
        const { pid } = present.credentials;
        throw new RpcError('duplicate-agent', `this session has an agent already, which answers: pid ${pid}`);
      }
      this.#logger.warning('a silent agent is replaced', { pid: present.credentials.pid });
      // Its place is free at once. That it reads why is not waited for: it has been silent for long enough.
      void present.close(new RpcError('replaced', 'another agent has taken the place, since this one did not answer'));
    }
    return this.#registry.add(session, place, this.#now());
  }

  /** Runs one claim to a place after another. */
  async #inTurn<T>(place: string, claim: () => Promise<T>): Promise<T> {
    const before = this.#pending.get(place) ?? Promise.resolve();
    const turn = before.then(claim, claim);
    this.#pending.set(place, turn);
    try {
      return await turn;
    } finally {
      if (this.#pending.get(place) === turn) this.#pending.delete(place);
    }
  }
}

/** What there is one agent of: a login session, or where there is none a display of a user, however it is spelled. */
export function placeOf(uid: number, login: LoginSession | null, display: string): string {
  return login ? `login ${login.id}` : `uid ${uid} display ${displayServer(display)}`;
}
