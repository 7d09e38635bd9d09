import { EventEmitter } from 'node:events';
import { type Logger, silentLogger } from '@clipmux/posix';
import { NODE_TIMERS, RetryDelays, type TimerHandle, type Timers } from '@clipmux/rpc';
import type { LogindAvailability, LogindUnavailableReason } from './availability.ts';
import { systemBusAddress } from './bus-address.ts';
import type { BusSignal } from './bus-connection.ts';
import { LogindError, toLogindError } from './errors.ts';
import { LOGIND_LOST_GRACE_MS, LOGIND_RETRY_CEILING_MS, LOGIND_SETTLE_MS } from './limits.ts';
import { LogindLink, type LogindLinkOptions } from './logind-link.ts';
import { type LogindEvent, LogindModel } from './model.ts';
import {
  MANAGER_INTERFACE,
  MANAGER_PATH,
  NO_SESSION_FOR_PID,
  NO_SUCH_PROCESS,
  PROPERTIES_INTERFACE,
  SEAT_INTERFACE,
  SESSION_INTERFACE,
} from './names.ts';
import type { ReadEffect } from './objects.ts';
import {
  type LogindSession,
  parsePath,
  parseSeat,
  parseSeatList,
  parseSession,
  parseSessionList,
  sameSessions,
} from './session.ts';
import { eventsOf } from './signals.ts';

export interface LogindEvents {
  /** `sessions` is another map now: once for all that belongs together. */
  changed: [];
  /** Told once after the start and at every change, before the `changed` that goes with it; `sessions` holds the new state already. */
  availability: [available: boolean, reason: LogindUnavailableReason | undefined, error: LogindError | undefined];
}

export interface LogindOptions extends Partial<LogindLinkOptions> {
  /** How long sessions stay valid without logind, in milliseconds; default {@link LOGIND_LOST_GRACE_MS}. */
  readonly lostGraceMs?: number;
  /** Longest wait for signals that belong together, in milliseconds; default {@link LOGIND_SETTLE_MS}. */
  readonly settleMs?: number;
}

const NO_SESSIONS: ReadonlyMap<string, LogindSession> = new Map();

/**
 * What clipmuxd knows of logind: the sessions, and which of them is in the foreground of its seat. It reads all once and then follows
 * signals; when logind or the bus restarts, it reads all anew. Without logind or without a bus it says so and goes on looking.
 *
 * Errors are told by `availability`, never by an `error` event.
 */
export class Logind extends EventEmitter<LogindEvents> {
  readonly #link: LogindLink;
  readonly #logger: Logger;
  readonly #timers: Timers;
  readonly #lostGraceMs: number;
  readonly #settleMs: number;
  readonly #delays: RetryDelays;

  #started: Promise<void> | undefined;
  #resolveStarted: () => void = () => {};
  #model = new LogindModel();
  /** Whether the lists have been read into the model. */
  #listed = false;
  /** Whether the model holds all that logind has. */
  #complete = false;
  #failure: { readonly reason: LogindUnavailableReason; readonly error: LogindError } | undefined;
  #flush: NodeJS.Immediate | undefined;
  #settleTimer: TimerHandle | undefined;
  #graceTimer: TimerHandle | undefined;
  #retryTimer: TimerHandle | undefined;

  #availability: LogindAvailability | undefined;
  #sessions = NO_SESSIONS;
  #catchingUp: (() => void)[] = [];

  constructor(options: LogindOptions = {}) {
    super();
    this.#logger = options.logger ?? silentLogger;
    this.#timers = options.timers ?? NODE_TIMERS;
    this.#lostGraceMs = options.lostGraceMs ?? LOGIND_LOST_GRACE_MS;
    this.#settleMs = options.settleMs ?? LOGIND_SETTLE_MS;
    this.#delays = new RetryDelays(LOGIND_RETRY_CEILING_MS, options.random ?? Math.random);
    this.#link = new LogindLink({ ...options, address: options.address ?? systemBusAddress(process.env) });
    this.#link.on('found', () => this.#readAll());
    this.#link.on('gone', (reason, error) => this.#unavailable(reason, error));
    this.#link.on('signal', (signal) => this.#signal(signal));
  }

  /** Begins. Resolves once it is known whether logind is there, and if it is, what sessions it has; at the latest when time-outs are up. */
  start(): Promise<void> {
    if (this.#started === undefined) {
      this.#started = new Promise((resolve) => {
        this.#resolveStarted = resolve;
      });
      this.#link.start();
    }
    return this.#started;
  }

  /** Ends it and forgets all, until `start`. No event follows. */
  stop(): void {
    this.#link.stop();
    this.#reset();
    this.#graceTimer = this.#clear(this.#graceTimer);
    if (this.#flush !== undefined) clearImmediate(this.#flush);
    this.#flush = undefined;
    this.#failure = undefined;
    this.#availability = undefined;
    this.#sessions = NO_SESSIONS;
    this.#started = undefined;
    this.#resolveStarted();
    this.#letGo();
  }

  /** Whether `sessions` are logind's. For a moment after logind has gone they still count: a restart takes no longer. */
  get available(): boolean {
    return this.#availability?.available ?? false;
  }

  /** Whether logind is available and why not; undefined until that is known. */
  get availability(): LogindAvailability | undefined {
    return this.#availability;
  }

  /** All sessions by logind's id. The map never changes: `changed` says that there is another. Empty while logind is unavailable. */
  get sessions(): ReadonlyMap<string, LogindSession> {
    return this.#sessions;
  }

  /** The session in the foreground of this seat, of whatever class and type; null if there is none. */
  activeOnSeat(seat = 'seat0'): LogindSession | null {
    for (const session of this.#sessions.values()) if (session.seat === seat && session.active) return session;
    return null;
  }

  /**
   * The session that a process belongs to; null if it belongs to none, as do units of the systemd user manager, processes that are gone,
   * and pid 0 (what SO_PEERCRED gives for a process outside our pid namespace). May be newer than `sessions`.
   * @throws {LogindError} `unavailable`, `timed-out`, `refused`, `invalid`, `busy`
   */
  async sessionOfPid(pid: number): Promise<LogindSession | null> {
    // To logind 0 means whoever asks, which is ourselves.
    if (!Number.isInteger(pid) || pid < 1) return null;
    let path: string;
    try {
      const call = { path: MANAGER_PATH, interface: MANAGER_INTERFACE, member: 'GetSessionByPID' };
      path = parsePath(await this.#link.call({ ...call, signature: 'u', body: [pid] }));
    } catch (error) {
      if (isRefusal(error, [NO_SESSION_FOR_PID, ...NO_SUCH_PROCESS])) return null;
      throw error;
    }
    const known = this.#model.sessionAt(path);
    if (known !== undefined) return known;
    try {
      return this.#model.describe(parseSession(await this.#getAll(SESSION_INTERFACE, path)));
    } catch (error) {
      // An error as answer: it ended since.
      if (error instanceof LogindError && error.code === 'refused') return null;
      throw error;
    }
  }

  /**
   * Resolves once `sessions` hold all that logind has told so far, at once if they do. After `sessionOfPid` that is every session that
   * was there when logind answered: its signals come in order with its answers. Does not wait for more than a switch takes to settle,
   * or a lost logind to be given up.
   */
  caughtUp(): Promise<void> {
    return this.#behind ? new Promise((resolve) => this.#catchingUp.push(resolve)) : Promise.resolve();
  }

  async #readAll(): Promise<void> {
    this.#reset();
    const model = this.#model;
    const list = (member: string) => this.#link.call({ path: MANAGER_PATH, interface: MANAGER_INTERFACE, member });
    try {
      const [sessions, seats] = await Promise.all([list('ListSessions'), list('ListSeats')]);
      if (this.#model !== model) return;
      this.#apply({ kind: 'sessions-listed', paths: parseSessionList(sessions) });
      this.#apply({ kind: 'seats-listed', paths: parseSeatList(seats) });
      this.#listed = true;
    } catch (error) {
      if (this.#model === model) this.#unanswered(toLogindError(error));
    }
  }

  async #read(effect: ReadEffect): Promise<void> {
    const model = this.#model;
    const { path, read } = effect;
    let event: LogindEvent;
    try {
      if (effect.kind === 'read-session') {
        event = {
          kind: 'session-read',
          path,
          read,
          properties: parseSession(await this.#getAll(SESSION_INTERFACE, path)),
        };
      } else {
        event = { kind: 'seat-read', path, read, properties: parseSeat(await this.#getAll(SEAT_INTERFACE, path)) };
      }
    } catch (cause) {
      if (this.#model !== model) return;
      const error = toLogindError(cause);
      if (error.code === 'timed-out' || error.code === 'busy') return this.#unanswered(error);
      if (error.code === 'unavailable') return; // the link says so itself
      if (error.code === 'invalid') this.#logger.warning('a session or seat is left out', { path, error });
      event = { kind: effect.kind === 'read-session' ? 'session-unreadable' : 'seat-unreadable', path, read };
    }
    if (this.#model === model) this.#apply(event);
  }

  async #getAll(interfaceName: string, path: string): Promise<unknown> {
    const call = { path, interface: PROPERTIES_INTERFACE, member: 'GetAll', signature: 's', body: [interfaceName] };
    return (await this.#link.call(call))[0];
  }

  #signal(signal: BusSignal): void {
    try {
      for (const event of eventsOf(signal)) this.#apply(event);
    } catch (error) {
      if (!(error instanceof LogindError)) throw error;
      this.#logger.warning('a signal of logind makes no sense', { member: signal.member, path: signal.path, error });
    }
  }

  #apply(event: LogindEvent): void {
    for (const effect of this.#model.apply(event)) void this.#read(effect);
    this.#schedule();
  }

  /** logind is there but does not answer: what it has is not known, and it is asked again, later each time. */
  #unanswered(error: LogindError): void {
    this.#unavailable('no-answer', error);
    this.#retryTimer = this.#timers.set(() => void this.#readAll(), this.#delays.afterFailure());
  }

  #unavailable(reason: LogindUnavailableReason, error: LogindError): void {
    this.#reset();
    this.#logger.debug('logind is not available', { reason, error });
    if (this.#availability?.available === true) {
      this.#graceTimer ??= this.#timers.set(() => {
        this.#failure = { reason: 'lost', error };
        this.#schedule();
      }, this.#lostGraceMs);
      return;
    }
    this.#failure = { reason, error };
    this.#schedule();
  }

  /** Nothing that was read counts any longer; what was told stays as it is. */
  #reset(): void {
    this.#model = new LogindModel();
    this.#listed = false;
    this.#complete = false;
    this.#retryTimer = this.#clear(this.#retryTimer);
    this.#settleTimer = this.#clear(this.#settleTimer);
  }

  /** Whether logind has told something that `sessions` do not show yet. */
  get #behind(): boolean {
    if (this.#availability?.available !== true) return false;
    return !this.#complete || this.#flush !== undefined || this.#settleTimer !== undefined || this.#model.incomplete;
  }

  /** Looks at the state once what has come in with this turn of the event loop is done. */
  #schedule(): void {
    this.#flush ??= setImmediate(() => {
      this.#flush = undefined;
      this.#tell();
    });
  }

  #tell(): void {
    if (this.#listed && !this.#complete && !this.#model.incomplete) {
      this.#complete = true;
      this.#failure = undefined;
      this.#graceTimer = this.#clear(this.#graceTimer);
      this.#delays.afterConnection(Number.POSITIVE_INFINITY);
      this.#link.confirm();
    }
    if (!this.#complete) {
      if (this.#failure !== undefined) this.#publish({ available: false, ...this.#failure }, NO_SESSIONS);
    } else if (this.#model.settled) {
      this.#publishModel();
    } else {
      this.#settleTimer ??= this.#timers.set(() => this.#publishModel(), this.#settleMs);
    }
  }

  #publishModel(): void {
    this.#settleTimer = this.#clear(this.#settleTimer);
    this.#publish({ available: true, reason: undefined, error: undefined }, this.#model.snapshot());
  }

  #publish(availability: LogindAvailability, sessions: ReadonlyMap<string, LogindSession>): void {
    const before = this.#availability;
    const turned = before?.available !== availability.available || before.reason !== availability.reason;
    const changed = !sameSessions(this.#sessions, sessions);
    this.#availability = availability;
    if (changed) this.#sessions = sessions;
    this.#resolveStarted();
    if (turned) this.emit('availability', availability.available, availability.reason, availability.error);
    if (changed) this.emit('changed');
    this.#letGo();
  }

  #letGo(): void {
    if (this.#behind) return;
    for (const resolve of this.#catchingUp.splice(0)) resolve();
  }

  #clear(timer: TimerHandle | undefined): undefined {
    if (timer !== undefined) this.#timers.clear(timer);
  }
}

function isRefusal(error: unknown, names: readonly string[]): boolean {
  return error instanceof LogindError && error.code === 'refused' && names.includes(error.errorName ?? '');
}
