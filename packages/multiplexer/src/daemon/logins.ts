import type { LoginKnowledge, SeatActive } from '../policy/index.ts';
import { type LoginSession, type LoginSessions, NO_LOGIN_SESSIONS } from '../sessions/index.ts';

/** The part of logind that clipmuxd uses; `Logind` is one. */
export interface LoginSource extends LoginSessions {
  readonly sessions: ReadonlyMap<string, LoginSession & { readonly active: boolean }>;
  /** The session in the foreground of the seat. */
  activeOnSeat(): LoginSession | null;
  /** Why it is not available; undefined while it is. */
  readonly availability?: { readonly reason: string | undefined } | undefined;
}

/** What {@link Logins.refresh} has found new. */
export interface LoginNews {
  /** Ids of sessions that were there before and have ended. */
  readonly ended: ReadonlySet<string>;
  /** Whether login sessions are known for the first time: logind started later than clipmuxd. */
  readonly appeared: boolean;
}

const NO_NEWS: LoginNews = { ended: new Set(), appeared: false };

const NOTHING: LoginSource = { ...NO_LOGIN_SESSIONS, sessions: new Map(), activeOnSeat: () => null };

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

  /** Why nobody knows; null while somebody does. */
  get reason(): string | null {
    if (this.#source.available) return null;
    return this.#source === NOTHING ? 'not-asked' : (this.#source.availability?.reason ?? 'unknown');
  }

  get available(): boolean {
    return this.knowledge !== 'none';
  }

  get sessions(): ReadonlyMap<string, LoginSession> {
    if (this.#source.available) return this.#source.sessions;
    return this.#last ?? NOTHING.sessions;
  }

  /** To be called when logind has something new to say. */
  refresh(): LoginNews {
    if (!this.#source.available) return NO_NEWS;
    const before = this.#last;
    const { sessions } = this.#source;
    this.#last = sessions;
    if (!before) return { ...NO_NEWS, appeared: true };
    return { ended: new Set([...before.keys()].filter((id) => !sessions.has(id))), appeared: false };
  }

  sessionOfPid(pid: number): Promise<LoginSession | null> {
    return this.#source.sessionOfPid(pid);
  }

  caughtUp(): Promise<void> {
    return this.#source.caughtUp();
  }

  /** Whether this session is in the foreground of its seat, as far as is known. */
  isActive(id: string): boolean {
    return this.#source.sessions.get(id)?.active ?? false;
  }

  /** The session in the foreground of the seat. */
  seatActiveSession(): LoginSession | null {
    return this.#source.activeOnSeat();
  }

  /** The same, as the policy needs it. */
  seatActive(): SeatActive | null {
    const active = this.seatActiveSession();
    return active && { logindId: active.id, class: active.class, type: active.type };
  }
}
