import { EventEmitter } from 'node:events';
import { type Logger, silentLogger } from '@clipmux/posix';
import { NODE_TIMERS, RetryDelays, type TimerHandle, type Timers } from '@clipmux/rpc';
import { BusConnection, type BusSignal } from './bus-connection.ts';
import { LogindError, toLogindError } from './errors.ts';
import { LOGIND_RETRY_CEILING_MS } from './limits.ts';
import { LOGIND_NAME, NAME_HAS_NO_OWNER } from './names.ts';
import { parseOwner } from './session.ts';
import { MATCH_RULES, newOwnerOf } from './signals.ts';

/** A method call to logind. */
export interface LogindCall {
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly body?: readonly unknown[];
}

export interface LogindLinkOptions {
  /** The bus's address. */
  readonly address: string;
  readonly logger?: Logger;
  readonly timers?: Timers;
  /** Milliseconds; default the system's clock. */
  readonly now?: () => number;
  /** From 0 to 1; default Math.random. */
  readonly random?: () => number;
  /** Milliseconds; default as in limits.ts. */
  readonly connectTimeoutMs?: number;
  readonly callTimeoutMs?: number;
}

export interface LogindLinkEvents {
  /** A logind is there, one that is not known yet: all has to be read. */
  found: [];
  /** There is none, or none any longer. */
  gone: [reason: 'no-bus' | 'no-logind', error: LogindError];
  /** The logind that was found sent a signal. */
  signal: [signal: BusSignal];
}

/**
 * The way to logind: keeps a connection to the bus and knows who owns logind's name there. Whether the bus goes or logind, it is found
 * again. While the bus cannot be reached it is tried with back-off; once it is there, the bus tells when logind comes, and no timer runs.
 */
export class LogindLink extends EventEmitter<LogindLinkEvents> {
  readonly #options: LogindLinkOptions;
  readonly #logger: Logger;
  readonly #timers: Timers;
  readonly #now: () => number;
  readonly #delays: RetryDelays;
  #attempt: object | undefined;
  #timer: TimerHandle | undefined;
  #connection: BusConnection | undefined;
  /** Unique name of logind's connection. Calls go there, so no call starts a logind that was stopped, and nobody else can answer. */
  #owner: string | undefined;
  #confirmed = false;

  constructor(options: LogindLinkOptions) {
    super();
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.#timers = options.timers ?? NODE_TIMERS;
    this.#now = options.now ?? Date.now;
    this.#delays = new RetryDelays(LOGIND_RETRY_CEILING_MS, options.random ?? Math.random);
  }

  start(): void {
    if (this.#attempt === undefined) void this.#connect();
  }

  /** No event follows. */
  stop(): void {
    this.#attempt = undefined;
    this.#clearTimer();
    const connection = this.#connection;
    this.#forget();
    connection?.close();
  }

  /** logind has answered: should the bus go now, it is looked for at once. */
  confirm(): void {
    this.#confirmed = true;
  }

  /**
   * Calls a method of the logind that was found.
   * @throws {LogindError} `unavailable`, `refused`, `timed-out`, `busy`
   */
  async call(call: LogindCall): Promise<readonly unknown[]> {
    if (this.#connection === undefined || this.#owner === undefined) {
      throw new LogindError('unavailable', `${call.member}: there is no logind to ask`);
    }
    try {
      return await this.#connection.call({ ...call, destination: this.#owner });
    } catch (error) {
      throw isGone(error)
        ? new LogindError('unavailable', `${call.member}: logind went away before it answered`, { cause: error })
        : error;
    }
  }

  async #connect(): Promise<void> {
    const attempt = {};
    this.#attempt = attempt;
    const begun = this.#now();
    let connection: BusConnection;
    try {
      connection = await BusConnection.open(this.#options);
    } catch (cause) {
      if (this.#attempt === attempt) this.#lost(toLogindError(cause), this.#delays.afterFailure());
      return;
    }
    if (this.#attempt !== attempt) return connection.close();
    this.#connection = connection;
    connection.on('signal', (signal) => this.#signal(signal));
    connection.on('close', (error) => {
      if (this.#connection !== connection) return;
      const { dropped } = connection;
      this.#logger.debug('the bus is gone', { error, dropped });
      const wait = this.#confirmed ? this.#delays.afterConnection(this.#now() - begun) : this.#delays.afterFailure();
      this.#lost(error, wait);
    });
    await this.#find(connection);
  }

  /** Looks who owns logind's name now, and has the bus tell of each later owner. */
  async #find(connection: BusConnection): Promise<void> {
    let owner: string | LogindError;
    try {
      await Promise.all(MATCH_RULES.map((rule) => connection.addMatch(rule)));
      owner = await ownerOf(connection);
    } catch (error) {
      this.#logger.debug('the bus does not answer as a bus should', { error: toLogindError(error) });
      return connection.close();
    }
    // A signal that came meanwhile is newer.
    if (this.#connection !== connection || this.#owner !== undefined) return;
    if (owner instanceof LogindError) this.emit('gone', 'no-logind', owner);
    else this.#adopt(owner);
  }

  #adopt(owner: string): void {
    if (owner === this.#owner) return;
    this.#owner = owner;
    this.emit('found');
  }

  #signal(signal: BusSignal): void {
    const owner = newOwnerOf(signal);
    if (owner === '') {
      this.#owner = undefined;
      this.emit('gone', 'no-logind', new LogindError('unavailable', 'logind has left the bus'));
    } else if (owner !== undefined) {
      this.#adopt(owner);
    } else if (signal.sender === this.#owner) {
      // Any process can send us a signal that looks like logind's; the sender's name is the bus's word.
      this.emit('signal', signal);
    }
  }

  #lost(error: LogindError, wait: number): void {
    this.#forget();
    this.#timer = this.#timers.set(() => void this.#connect(), wait);
    this.emit('gone', 'no-bus', error);
  }

  #forget(): void {
    this.#connection = undefined;
    this.#owner = undefined;
    this.#confirmed = false;
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) this.#timers.clear(this.#timer);
    this.#timer = undefined;
  }
}

/** logind's unique name, or why there is none. The bus is asked to start it: it may not have been needed since boot. */
async function ownerOf(connection: BusConnection): Promise<string | LogindError> {
  try {
    return parseOwner(await connection.callBus('GetNameOwner', 's', [LOGIND_NAME]));
  } catch (error) {
    if (!isRefused(error, NAME_HAS_NO_OWNER)) throw error;
  }
  try {
    await connection.callBus('StartServiceByName', 'su', [LOGIND_NAME, 0]);
    return parseOwner(await connection.callBus('GetNameOwner', 's', [LOGIND_NAME]));
  } catch (error) {
    const { message } = toLogindError(error);
    if (error instanceof LogindError && error.code === 'closed') throw error;
    return new LogindError('unavailable', `there is no logind on the bus, and it cannot be started: ${message}`);
  }
}

function isRefused(error: unknown, errorName: string): boolean {
  return error instanceof LogindError && error.code === 'refused' && error.errorName === errorName;
}

/** What the bus answers in the place of a peer that has left. */
const GONE = ['NoReply', 'NameHasNoOwner', 'ServiceUnknown', 'Disconnected'].map(
  (name) => `org.freedesktop.DBus.Error.${name}`,
);

function isGone(error: unknown): boolean {
  return error instanceof LogindError && (error.code === 'closed' || GONE.includes(error.errorName ?? ''));
}
