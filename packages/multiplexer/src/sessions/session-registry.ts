import type { SessionId } from '../arbiter/index.ts';
import type { Session, SessionInfo } from './session.ts';

/** The sessions that are connected, by their ids. The one place that gives ids. */
export class SessionRegistry {
  readonly #sessions = new Map<SessionId, Session>();
  #lastId: SessionId = 0;

  /** An id that was never given before in this run. */
  nextId(): SessionId {
    this.#lastId += 1;
    return this.#lastId;
  }

  add(session: Session): void {
    this.#sessions.set(session.info.id, session);
  }

  remove(session: Session): void {
    this.#sessions.delete(session.info.id);
  }

  list(): SessionInfo[] {
    return [...this.#sessions.values()].map((session) => session.info);
  }

  /** Where nothing tells which session is active: the one that connected last. Ids grow, so it is the largest. */
  newest(): SessionId | null {
    return this.#sessions.size === 0 ? null : Math.max(...this.#sessions.keys());
  }
}
