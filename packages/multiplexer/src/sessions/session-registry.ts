import type { SessionId } from '../arbiter/index.ts';
import type { Session } from './session.ts';

/** What a session has done since its agent connected. */
export interface SessionCounters {
  /** Times that a program took a selection. */
  copies: number;
  /** Requests for the host's content that were served. */
  pastes: number;
  bytesToHost: number;
  bytesToSession: number;
  /** Requests of either direction that were not served. */
  refused: number;
}

/** A session that was let in, and what it has done since. */
export interface RegisteredSession {
  readonly session: Session;
  /** What there is one agent of: see `placeOf`. */
  readonly place: string;
  /** False until the agent knows its id. */
  connected: boolean;
  /** When somebody last did something there, in milliseconds since 1970. */
  lastActivity: number;
  readonly counters: SessionCounters;
}

/** The agents that were let in. The one place that gives ids. */
export class SessionRegistry {
  readonly #sessions = new Map<SessionId, RegisteredSession>();
  #lastId: SessionId = 0;

  /** Gives an id that was never given before in this run, and the place to this agent. */
  add(session: Session, place: string, now: number): SessionId {
    this.#lastId += 1;
    this.#sessions.set(this.#lastId, {
      session,
      place,
      connected: false,
      lastActivity: now,
      counters: { copies: 0, pastes: 0, bytesToHost: 0, bytesToSession: 0, refused: 0 },
    });
    return this.#lastId;
  }

  remove(id: SessionId): void {
    this.#sessions.delete(id);
  }

  get(id: SessionId): RegisteredSession | undefined {
    return this.#sessions.get(id);
  }

  /** Those whose agents know their ids, by id. */
  connected(): [SessionId, RegisteredSession][] {
    return [...this.#sessions].filter(([, { connected }]) => connected);
  }

  /** The agent that has this place, connected or about to be. */
  find(place: string): Session | undefined {
    return [...this.#sessions.values()].find((one) => one.place === place)?.session;
  }

  /** Agents of a user that were let in. */
  countOf(uid: number): number {
    return [...this.#sessions.values()].filter(({ session }) => session.credentials.uid === uid).length;
  }
}
