import type { LoginKnowledge, SeatActive } from '../policy/index.ts';
import { type LoginSession, type LoginSessions, NO_LOGIN_SESSIONS } from '../sessions/index.ts';

/** The part of logind that clipmuxd uses; `Logind` is one. */
export interface LoginSource extends LoginSessions {
  activeOnSeat(): LoginSession | null;
}

const NOTHING: LoginSource = { ...NO_LOGIN_SESSIONS, activeOnSeat: () => null };

/**
 * What is known of login sessions, over logind's coming and going. Once logind has been there it is expected back: meanwhile
 * what was known last counts, so that its restart neither turns agents away nor lets anybody in another's place.
 */
export class Logins implements LoginSessions {
  readonly #source: LoginSource;
  #last: ReadonlyMap<string, LoginSession> | null = null;

  /** Null: logind is not to be asked. */
  constructor(source: LoginSource | null) {
    this.#source = source ?? NOTHING;
  }

  get knowledge(): LoginKnowledge {
    if (this.#source.available) return 'known';
    return this.#last ? 'lost' : 'none';
  }

  get available(): boolean {
    return this.knowledge !== 'none';
  }

  get sessions(): ReadonlyMap<string, LoginSession> {
    if (this.#source.available) this.#last = this.#source.sessions;
    return this.#last ?? NOTHING.sessions;
  }

  /** To be called when logind has something new to say. */
  refresh(): void {
    if (this.#source.available) this.#last = new Map(this.#source.sessions);
  }

  sessionOfPid(pid: number): Promise<LoginSession | null> {
    return this.#source.sessionOfPid(pid);
  }

  /** The session that is active on the seat. */
  seatActive(): SeatActive | null {
    const active = this.#source.activeOnSeat();
    return active && { logindId: active.id, class: active.class, type: active.type };
  }
}
