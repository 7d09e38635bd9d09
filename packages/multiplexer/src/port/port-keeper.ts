import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { type Logger, silentLogger } from '@clipmux/posix';
import { NODE_TIMERS, RetryDelays, type TimerHandle, type Timers } from '@clipmux/rpc';
import { type PortError, type PortErrorCode, toPortError } from './port-error.ts';
import type { PortTransport } from './transport.ts';

/**
 * stopped: not started, or stopped · opening: an attempt is under way · waiting: for the next attempt · open: a stream is in use.
 */
export type PortState = 'stopped' | 'opening' | 'waiting' | 'open';

/** Why a port that was open is so no longer. */
export interface PortCloseReason {
  /** The host closed it; it failed; we closed it to begin anew; the keeper was stopped. */
  readonly kind: 'ended' | 'failed' | 'reset' | 'stopped';
  readonly message: string;
  readonly error?: PortError;
}

/** What a diagnosis needs to know. Times are milliseconds of the clock given to the keeper. */
export interface PortStatus {
  readonly name: string;
  readonly state: PortState;
  /** When the port came into this state. */
  readonly since: number;
  /** Whether the host has proved itself on the open connection. */
  readonly confirmed: boolean;
  /** How often it was opened. */
  readonly opened: number;
  /** Attempts without success since the last confirmed connection. */
  readonly failures: number;
  readonly lastError: { readonly code: PortErrorCode; readonly message: string; readonly at: number } | undefined;
}

export interface PortKeeperOptions {
  readonly transport: PortTransport;
  readonly logger?: Logger;
  readonly timers?: Timers;
  /** Milliseconds; default the system's clock. */
  readonly now?: () => number;
  /** From 0 to 1; default Math.random. */
  readonly random?: () => number;
}

export interface PortKeeperEvents {
  /** The port is open. The stream is the listener's to read and write until `close`; the keeper destroys it. */
  open: [stream: Duplex];
  /** The port is no longer open: once for each `open`. The stream is already destroyed. */
  close: [reason: PortCloseReason];
}

/**
 * Keeps one port open: opens it, and when it ends, fails or is reset opens it again, with back-off while that does not succeed.
 * No timer runs while the port is open. Errors are told by `close`, `status` and the log, never by an `error` event.
 */
export class PortKeeper extends EventEmitter<PortKeeperEvents> {
  readonly #transport: PortTransport;
  readonly #logger: Logger;
  readonly #timers: Timers;
  readonly #now: () => number;
  readonly #delays: RetryDelays;

  #state: PortState = 'stopped';
  #since: number;
  #attempt: AbortController | undefined;
  #timer: TimerHandle | undefined;
  #stream: Duplex | undefined;
  #confirmed = false;
  #opened = 0;
  #lastError: PortStatus['lastError'];
  /** What the log said last, so that it is not said again at every attempt. */
  #said: PortErrorCode | undefined;

  constructor(options: PortKeeperOptions) {
    super();
    this.#transport = options.transport;
    this.#logger = options.logger ?? silentLogger;
    this.#timers = options.timers ?? NODE_TIMERS;
    this.#now = options.now ?? Date.now;
    this.#delays = new RetryDelays(options.transport.retryCeiling, options.random ?? Math.random);
    this.#since = this.#now();
  }

  get status(): PortStatus {
    return {
      name: this.#transport.name,
      state: this.#state,
      since: this.#since,
      confirmed: this.#confirmed,
      opened: this.#opened,
      failures: this.#delays.failures,
      lastError: this.#lastError,
    };
  }

  /** Begins to open the port. Nothing happens if it has begun already. */
  start(): void {
    if (this.#state === 'stopped') void this.#open();
  }

  /**
   * The host has proved itself: the handshake is done. Should it close the port now, that is an ordinary reset, and the port is
   * opened again at once.
   */
  confirm(): void {
    if (this.#state === 'open') this.#confirmed = true;
  }

  /** Closes the port, if it is open, and opens it again: what came over it made no sense. */
  reset(reason: string): void {
    this.#close({ kind: 'reset', message: reason });
  }

  /** Closes the port for good (until `start`). */
  stop(): void {
    if (this.#state === 'stopped') return;
    if (this.#timer !== undefined) this.#timers.clear(this.#timer);
    this.#timer = undefined;
    this.#attempt?.abort();
    this.#attempt = undefined;
    const wasOpen = this.#release();
    this.#transport.release();
    this.#enter('stopped');
    if (wasOpen) this.emit('close', { kind: 'stopped', message: 'the port was closed by us' });
  }

  async #open(): Promise<void> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#enter('opening');
    let stream: Duplex;
    try {
      stream = await this.#transport.open(attempt.signal);
    } catch (error) {
      if (this.#attempt === attempt) this.#failed(toPortError(error));
      return;
    }
    if (this.#attempt === attempt) this.#use(stream);
    else stream.destroy();
  }

  #use(stream: Duplex): void {
    this.#attempt = undefined;
    this.#stream = stream;
    this.#opened++;
    this.#confirmed = false;
    this.#said = undefined;
    this.#enter('open');
    const ended = (message: string) => () => {
      if (this.#stream === stream) this.#close({ kind: 'ended', message });
    };
    stream.once('end', ended('the host closed the port'));
    stream.once('close', ended('the port was closed'));
    // Not once: errors after the first must not end the program.
    stream.on('error', (cause) => {
      if (this.#stream !== stream) return;
      const error = toPortError(cause);
      this.#close({ kind: 'failed', message: error.message, error });
    });
    this.#logger.info('port is open', { port: this.#transport.name });
    this.emit('open', stream);
  }

  #close(reason: PortCloseReason): void {
    const lasted = this.#now() - this.#since;
    const confirmed = this.#confirmed;
    if (!this.#release()) return;
    if (reason.error !== undefined) this.#remember(reason.error);
    this.#logger.info('port is closed', { port: this.#transport.name, reason: reason.message, kind: reason.kind });
    this.#wait(confirmed ? this.#delays.afterConnection(lasted) : this.#delays.afterFailure());
    this.emit('close', reason);
  }

  /** Destroys the stream; whether there was one. */
  #release(): boolean {
    const stream = this.#stream;
    this.#stream = undefined;
    this.#confirmed = false;
    stream?.destroy();
    return stream !== undefined;
  }

  #failed(error: PortError): void {
    this.#attempt = undefined;
    this.#remember(error);
    const fields = { port: this.#transport.name, error };
    if (this.#said === error.code) this.#logger.debug('port still cannot be opened', fields);
    // An absent host is a normal state of a virtual machine.
    else if (error.code === 'host-absent') this.#logger.info('port waits for the host', fields);
    else this.#logger.warning('port cannot be opened, trying again', fields);
    this.#said = error.code;
    this.#wait(this.#delays.afterFailure());
  }

  #remember(error: PortError): void {
    this.#lastError = { code: error.code, message: error.message, at: this.#now() };
  }

  #wait(milliseconds: number): void {
    this.#enter('waiting');
    this.#timer = this.#timers.set(() => {
      this.#timer = undefined;
      void this.#open();
    }, milliseconds);
  }

  #enter(state: PortState): void {
    this.#state = state;
    this.#since = this.#now();
  }
}
