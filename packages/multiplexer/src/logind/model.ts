import { Objects, type ReadEffect } from './objects.ts';
import type { LogindSession, SeatChanges, SeatProperties, SessionChanges, SessionProperties } from './session.ts';

/** What was heard from logind. Objects are named by their paths on the bus. */
export type LogindEvent =
  /** The lists were read; objects that are known already stay as they are. */
  | { readonly kind: 'sessions-listed' | 'seats-listed'; readonly paths: readonly string[] }
  | { readonly kind: 'session-new' | 'session-removed' | 'seat-new' | 'seat-removed'; readonly path: string }
  /** A read was answered. `read` is that of the effect which asked for it. */
  | {
      readonly kind: 'session-read';
      readonly path: string;
      readonly read: number;
      readonly properties: SessionProperties;
    }
  | { readonly kind: 'seat-read'; readonly path: string; readonly read: number; readonly properties: SeatProperties }
  /** A read was answered by an error or by nonsense. */
  | { readonly kind: 'session-unreadable' | 'seat-unreadable'; readonly path: string; readonly read: number }
  /** PropertiesChanged. */
  | { readonly kind: 'session-changed'; readonly path: string; readonly changes: SessionChanges }
  | { readonly kind: 'seat-changed'; readonly path: string; readonly changes: SeatChanges }
  /** PropertiesChanged that names properties without their values. */
  | { readonly kind: 'session-invalidated' | 'seat-invalidated'; readonly path: string };

/**
 * What logind's sessions and seats are, kept from its lists, its signals and the answers to reads. Pure: events in, reads to be done out.
 * Events may come in any order that a bus and a busy logind can bring about.
 */
export class LogindModel {
  readonly #sessions = new Objects<SessionProperties, SessionChanges>('read-session');
  readonly #seats = new Objects<SeatProperties, SeatChanges>('read-seat');

  /** Takes an event in. Returns what has to be read because of it. */
  apply(event: LogindEvent): readonly ReadEffect[] {
    switch (event.kind) {
      case 'sessions-listed':
        return event.paths.flatMap((path) => this.#sessions.add(path));
      case 'seats-listed':
        return event.paths.flatMap((path) => this.#seats.add(path));
      case 'session-new':
        return this.#sessions.replace(event.path);
      case 'seat-new':
        return this.#seats.replace(event.path);
      case 'session-removed':
        return this.#sessions.remove(event.path);
      case 'seat-removed':
        return this.#seats.remove(event.path);
      case 'session-read':
        return this.#sessions.answer(event.path, event.read, event.properties);
      case 'seat-read':
        return this.#seats.answer(event.path, event.read, event.properties);
      case 'session-unreadable':
        return this.#sessions.answer(event.path, event.read, undefined);
      case 'seat-unreadable':
        return this.#seats.answer(event.path, event.read, undefined);
      case 'session-changed':
        return this.#sessions.change(event.path, event.changes);
      case 'seat-changed':
        return this.#seats.change(event.path, event.changes);
      case 'session-invalidated':
        return this.#sessions.readAgain(event.path);
      case 'seat-invalidated':
        return this.#seats.readAgain(event.path);
    }
  }

  /** Whether an object is known by name alone as yet. */
  get incomplete(): boolean {
    return this.#sessions.incomplete || this.#seats.incomplete;
  }

  /**
   * Whether seats and sessions agree on who is active. They do not in the middle of a switch, which logind tells in several signals, nor
   * while the session that a seat names is still being read.
   */
  get settled(): boolean {
    if (this.#seats.incomplete) return false;
    const seats = new Set<string>();
    const named = new Set<string>();
    for (const { Id, ActiveSession } of this.#seats.known()) {
      seats.add(Id);
      if (ActiveSession[0] !== '') named.add(ActiveSession[0]);
    }
    for (const { Id, Seat, Active } of this.#sessions.known()) {
      if (seats.has(Seat[0]) && Active !== named.has(Id)) return false;
      named.delete(Id);
    }
    return named.size === 0;
  }

  /** Every session whose properties are known, by id. */
  snapshot(): ReadonlyMap<string, LogindSession> {
    const sessions = new Map<string, LogindSession>();
    for (const properties of this.#sessions.known()) sessions.set(properties.Id, this.describe(properties));
    return sessions;
  }

  /** The session at this path, if its properties are known. */
  sessionAt(path: string): LogindSession | undefined {
    const properties = this.#sessions.propertiesOf(path);
    return properties && this.describe(properties);
  }

  /**
   * A session with these properties. On a seat it is active if it says so and its seat does not contradict it: in the middle of a switch
   * nobody is.
   */
  describe(properties: SessionProperties): LogindSession {
    const [seat] = properties.Seat;
    const named = seat === '' ? undefined : this.#activeOn(seat);
    const active = properties.Active && (named === undefined || named === properties.Id);
    return {
      id: properties.Id,
      uid: properties.User[0],
      user: properties.Name,
      seat,
      type: properties.Type,
      class: properties.Class,
      active,
      locked: properties.LockedHint,
      remote: properties.Remote,
      display: properties.Display,
      leader: properties.Leader,
      state: properties.State === 'closing' ? 'closing' : active ? 'active' : 'online',
      since: Math.trunc(Number(properties.Timestamp) / 1000),
    };
  }

  /** Id of the session that this seat names, empty if none, undefined if the seat is not known. */
  #activeOn(seat: string): string | undefined {
    for (const { Id, ActiveSession } of this.#seats.known()) if (Id === seat) return ActiveSession[0];
    return undefined;
  }
}
