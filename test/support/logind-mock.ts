import { BusFault, DBusPeer, type Dictionary, type IncomingCall, type Reply, variant } from './dbus-peer.ts';

const NAME = 'org.freedesktop.login1';
const ROOT = '/org/freedesktop/login1';
const MANAGER = `${NAME}.Manager`;
const SESSION = `${NAME}.Session`;
const SEAT = `${NAME}.Seat`;
const PROPERTIES = 'org.freedesktop.DBus.Properties';

/** A session of the mock, under the names of logind's properties where those are plain. */
export interface MockSession {
  readonly id: string;
  readonly uid: number;
  readonly user: string;
  /** Empty for a session without seat. */
  readonly seat: string;
  type: string;
  class: string;
  locked: boolean;
  readonly remote: boolean;
  display: string;
  readonly leader: number;
  closing: boolean;
  /** Microseconds since the epoch. */
  readonly timestamp: bigint;
}

/** What a test says of a session; the rest is that of a graphical user session on seat0. */
export interface NewSession extends Partial<MockSession> {
  readonly id: string;
  /** Whether it comes to the foreground of its seat at once; default no. */
  readonly active?: boolean;
}

/** How D-Bus paths hold a logind id: what is no letter, nor a digit after the first place, becomes `_` and two hex digits. */
export function escapeLabel(id: string): string {
  if (id === '') return '_';
  const escaped = (character: string) => `_${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  return id.replace(/^\d|[^a-zA-Z0-9]/g, escaped);
}

export const sessionPath = (id: string) => `${ROOT}/session/${escapeLabel(id)}`;
export const seatPath = (id: string) => `${ROOT}/seat/${escapeLabel(id)}`;

/**
 * A small logind on a private bus: Manager, Session and Seat objects with the methods, properties and signals that clipmuxd uses, shaped
 * and ordered as those of systemd-logind (org.freedesktop.login1(5)): on a switch the session before, the session after, then the seat;
 * State changes in silence. A test moves it; the state outlives `stop` and `start`, as logind's outlives its own restart.
 */
export class LogindMock {
  readonly #address: string;
  readonly #sessions = new Map<string, MockSession>();
  /** Session in the foreground of each seat, if any. */
  readonly #seats = new Map<string, string | undefined>([['seat0', undefined]]);
  readonly #pids = new Map<number, string>();
  #peer: DBusPeer | undefined;
  #silent = false;
  #held: (() => void)[] | undefined;
  #callWaiters: { readonly member: string; readonly resolve: () => void }[] = [];
  #asked = new Map<string, number>();

  /** Takes logind's name on the bus at this address. */
  static async start(address: string): Promise<LogindMock> {
    const mock = new LogindMock(address);
    await mock.start();
    return mock;
  }

  constructor(address: string) {
    this.#address = address;
  }

  /** Connects and takes the name; after `stop`, this is a restart of logind. */
  async start(): Promise<void> {
    const peer = await DBusPeer.connect(this.#address);
    peer.onCall((call) => this.#take(call));
    this.#peer = peer;
    // DBUS_NAME_FLAG_DO_NOT_QUEUE is 4; DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER is 1.
    const [answer] = await peer.callBus('RequestName', 'su', NAME, 4);
    if (answer !== 1) throw new Error(`the bus did not give the mock the name ${NAME}: ${String(answer)}`);
  }

  /** Leaves the bus. What the mock knows of sessions stays. */
  async stop(): Promise<void> {
    const peer = this.#peer;
    this.#peer = undefined;
    this.#held = undefined;
    await peer?.disconnect();
  }

  /** Its unique name on the bus. */
  get uniqueName(): string {
    if (this.#peer === undefined) throw new Error('the mock is not on the bus');
    return this.#peer.name;
  }

  /** How often a method was called since the mock was made. */
  calls(member: string): number {
    return this.#asked.get(member) ?? 0;
  }

  /** Resolves when this method is called next. */
  called(member: string): Promise<void> {
    return new Promise((resolve) => this.#callWaiters.push({ member, resolve }));
  }

  // --- sessions and seats

  addSession(session: NewSession): MockSession {
    const { active = false, ...given } = session;
    const added: MockSession = {
      uid: 1000,
      user: 'alice',
      seat: 'seat0',
      type: 'x11',
      class: 'user',
      locked: false,
      remote: false,
      display: '',
      leader: 0,
      closing: false,
      timestamp: BigInt(Date.now()) * 1000n,
      ...given,
    };
    if (added.seat !== '' && !this.#seats.has(added.seat)) this.addSeat(added.seat);
    this.#sessions.set(added.id, added);
    this.#manager('SessionNew', added.id, sessionPath(added.id));
    if (active) this.activate(added.id);
    return added;
  }

  /** Whether it has this session. */
  has(id: string): boolean {
    return this.#sessions.has(id);
  }

  /** The session ends. If it was in the foreground, nobody is now. */
  removeSession(id: string): void {
    const { seat } = this.#known(id);
    if (this.#seats.get(seat) === id) this.deactivate(seat);
    this.#sessions.delete(id);
    for (const [pid, session] of this.#pids) if (session === id) this.#pids.delete(pid);
    this.#manager('SessionRemoved', id, sessionPath(id));
  }

  addSeat(id: string): void {
    this.#seats.set(id, undefined);
    this.#manager('SeatNew', id, seatPath(id));
  }

  removeSeat(id: string): void {
    this.#seats.delete(id);
    this.#manager('SeatRemoved', id, seatPath(id));
  }

  /** Brings a session to the foreground of its seat. */
  activate(id: string): void {
    const { seat } = this.#known(id);
    if (seat === '') throw new Error(`session ${id} has no seat`);
    this.#switch(seat, id);
  }

  /** Nobody is in the foreground: an empty virtual terminal. */
  deactivate(seat = 'seat0'): void {
    this.#switch(seat, undefined);
  }

  /** The session's screen is locked now: its LockedHint. */
  lock(id: string): void {
    this.#setLocked(id, true);
  }

  unlock(id: string): void {
    this.#setLocked(id, false);
  }

  /** What `loginctl lock-session` and `unlock-session` do: the session is asked, and nothing more. */
  requestLock(id: string, lock = true): void {
    this.#peer?.signal(sessionPath(id), SESSION, lock ? 'Lock' : 'Unlock', ['']);
  }

  /** Changes what SetType, SetClass and SetDisplay change. */
  change(id: string, changes: Partial<Pick<MockSession, 'type' | 'class' | 'display'>>): void {
    const session = this.#known(id);
    Object.assign(session, changes);
    const changed: Dictionary = {};
    if (changes.type !== undefined) changed['Type'] = variant('s', session.type);
    if (changes.class !== undefined) changed['Class'] = variant('s', session.class);
    if (changes.display !== undefined) changed['Display'] = variant('s', session.display);
    this.#changed(sessionPath(id), SESSION, changed);
  }

  /** From now on the process belongs to the session. */
  bindPid(pid: number, id: string): void {
    this.#known(id);
    this.#pids.set(pid, id);
  }

  unbindPid(pid: number): void {
    this.#pids.delete(pid);
  }

  // --- trouble

  /** Answers nothing from now on, until `answer`: a logind that hangs. Calls that come meanwhile are lost. */
  hang(): void {
    this.#silent = true;
  }

  answer(): void {
    this.#silent = false;
  }

  /** Answers are made when the calls come in, but kept until `releaseReplies`: signals sent meanwhile overtake them. */
  holdReplies(): void {
    this.#held ??= [];
  }

  releaseReplies(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const send of held) send();
  }

  /** Sends any PropertiesChanged, also such as logind never would. */
  sendChanged(path: string, interfaceName: string, changed: Dictionary, invalidated: readonly string[] = []): void {
    this.#peer?.signal(path, PROPERTIES, 'PropertiesChanged', ['sa{sv}as', interfaceName, changed, [...invalidated]]);
  }

  // --- signals

  #manager(member: string, id: string, path: string): void {
    this.#peer?.signal(ROOT, MANAGER, member, ['so', id, path]);
  }

  #changed(path: string, interfaceName: string, changed: Dictionary): void {
    this.sendChanged(path, interfaceName, changed);
  }

  #switch(seat: string, next: string | undefined): void {
    const before = this.#seats.get(seat);
    if (before === next) return;
    this.#seats.set(seat, next);
    if (before !== undefined) this.#changed(sessionPath(before), SESSION, { Active: variant('b', false) });
    if (next !== undefined) this.#changed(sessionPath(next), SESSION, { Active: variant('b', true) });
    this.#changed(seatPath(seat), SEAT, { ActiveSession: this.#activeSession(seat) });
  }

  #setLocked(id: string, locked: boolean): void {
    const session = this.#known(id);
    if (session.locked === locked) return;
    session.locked = locked;
    this.#changed(sessionPath(id), SESSION, { LockedHint: variant('b', locked) });
  }

  // --- calls

  #take(call: IncomingCall): void {
    this.#asked.set(call.member, this.calls(call.member) + 1);
    const waiters = this.#callWaiters.filter(({ member }) => member === call.member);
    this.#callWaiters = this.#callWaiters.filter(({ member }) => member !== call.member);
    if (!this.#silent) {
      const send = this.#answerTo(call);
      if (this.#held !== undefined) this.#held.push(send);
      else send();
    }
    for (const { resolve } of waiters) resolve();
  }

  #answerTo(call: IncomingCall): () => void {
    try {
      const reply = this.#reply(call);
      return () => call.reply(reply);
    } catch (error) {
      if (!(error instanceof BusFault)) throw error;
      return () => call.fail(error);
    }
  }

  #reply({ path, interface: interfaceName, member, body }: IncomingCall): Reply {
    if (interfaceName === PROPERTIES && member === 'GetAll') return ['a{sv}', this.#properties(path, String(body[0]))];
    if (interfaceName === PROPERTIES && member === 'Get') {
      const property = this.#properties(path, String(body[0]))[String(body[1])];
      if (property !== undefined) return ['v', property];
    }
    if (interfaceName === MANAGER && path === ROOT) {
      switch (member) {
        case 'ListSessions':
          return [
            'a(susso)',
            [...this.#sessions.values()].map((s) => [s.id, s.uid, s.user, s.seat, sessionPath(s.id)]),
          ];
        case 'ListSeats':
          return ['a(so)', [...this.#seats.keys()].map((id) => [id, seatPath(id)])];
        case 'GetSession': {
          const id = String(body[0]);
          if (!this.#sessions.has(id)) throw new BusFault(`${NAME}.NoSuchSession`, `No session '${id}' known`);
          return ['o', sessionPath(id)];
        }
        case 'GetSessionByPID': {
          const id = this.#pids.get(Number(body[0]));
          if (id !== undefined) return ['o', sessionPath(id)];
          throw new BusFault(`${NAME}.NoSessionForPID`, `PID ${String(body[0])} does not belong to any known session`);
        }
      }
    }
    throw new BusFault(
      'org.freedesktop.DBus.Error.UnknownMethod',
      `Unknown method ${member} or interface ${interfaceName}.`,
    );
  }

  #properties(path: string, interfaceName: string): Dictionary {
    if (interfaceName === SESSION) {
      for (const session of this.#sessions.values())
        if (sessionPath(session.id) === path) return this.#ofSession(session);
    }
    if (interfaceName === SEAT) {
      for (const seat of this.#seats.keys()) if (seatPath(seat) === path) return this.#ofSeat(seat);
    }
    throw new BusFault('org.freedesktop.DBus.Error.UnknownObject', `Unknown object '${path}'.`);
  }

  #ofSession(session: MockSession): Dictionary {
    const { id, uid, seat } = session;
    // logind calls every session without a seat active.
    const active = seat === '' || this.#seats.get(seat) === id;
    return {
      Id: variant('s', id),
      User: variant('(uo)', [uid, `${ROOT}/user/${escapeLabel(String(uid))}`]),
      Name: variant('s', session.user),
      Timestamp: variant('t', session.timestamp),
      TimestampMonotonic: variant('t', 0n),
      VTNr: variant('u', 0),
      Seat: variant('(so)', [seat, seat === '' ? '/' : seatPath(seat)]),
      TTY: variant('s', ''),
      Display: variant('s', session.display),
      Remote: variant('b', session.remote),
      RemoteHost: variant('s', ''),
      RemoteUser: variant('s', ''),
      Service: variant('s', 'login'),
      Desktop: variant('s', ''),
      Scope: variant('s', `session-${id}.scope`),
      Leader: variant('u', session.leader),
      Audit: variant('u', 0),
      Type: variant('s', session.type),
      Class: variant('s', session.class),
      Active: variant('b', active),
      State: variant('s', session.closing ? 'closing' : active ? 'active' : 'online'),
      IdleHint: variant('b', false),
      IdleSinceHint: variant('t', 0n),
      IdleSinceHintMonotonic: variant('t', 0n),
      LockedHint: variant('b', session.locked),
    };
  }

  #ofSeat(seat: string): Dictionary {
    const sessions = [...this.#sessions.values()].filter((session) => session.seat === seat);
    return {
      Id: variant('s', seat),
      ActiveSession: this.#activeSession(seat),
      CanTTY: variant('b', true),
      CanGraphical: variant('b', true),
      Sessions: variant(
        'a(so)',
        sessions.map(({ id }) => [id, sessionPath(id)]),
      ),
      IdleHint: variant('b', false),
    };
  }

  #activeSession(seat: string) {
    const active = this.#seats.get(seat);
    return variant('(so)', active === undefined ? ['', '/'] : [active, sessionPath(active)]);
  }

  #known(id: string): MockSession {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new Error(`the mock has no session ${id}`);
    return session;
  }
}
