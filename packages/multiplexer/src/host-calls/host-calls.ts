import type { Duplex } from 'node:stream';
import { type LineFault, LineMessageReader } from '@clipmux/guest-agent';
import type { Logger } from '@clipmux/posix';
import { type ControlHappening, NODE_TIMERS, RpcError, type TimerHandle, type Timers } from '@clipmux/rpc';
import type { SessionId } from '../arbiter/index.ts';
import type { HostCallsSettings } from '../config/index.ts';
import { PortKeeper, type PortStatus, type PortTransport } from '../port/index.ts';
import type { HostCallParams } from '../sessions/index.ts';
import { type CallEvent, CallTable } from './call-table.ts';
import { callEnded, EventQueue, type GuestEvent, toGuestEvent } from './guest-events.ts';
import { HOST_LINE_BYTES_MAX, WAITING_EVENTS_MAX } from './limits.ts';
import { readHostMessage } from './messages.ts';

export interface HostCallsOptions {
  /** The port; null where there is none. */
  readonly transport: PortTransport | null;
  readonly settings: () => HostCallsSettings;
  /** What a host that has just come is told: everything that is so now. */
  readonly present: () => readonly ControlHappening[];
  readonly version: string;
  readonly logger: Logger;
  readonly timers?: Timers;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /**
   * The number of the first call, at least 1. Not the same at each start: through QEMU's chardev the host does not see clipmuxd restart, and may
   * still answer a call of the one before.
   */
  readonly firstCall: number;
}

type Settled = (outcome: { readonly return: unknown } | RpcError) => void;

/** Calls of sessions to the host, and events for the host, over a port of their own. */
export class HostCalls {
  readonly #options: HostCallsOptions;
  readonly #logger: Logger;
  readonly #timers: Timers;
  readonly #keeper: PortKeeper | null;
  readonly #table = new CallTable();
  readonly #events = new EventQueue(WAITING_EVENTS_MAX);
  readonly #settle = new Map<number, Settled>();
  readonly #running = new Map<number, TimerHandle>();
  #nextCall: number;
  #stream: Duplex | null = null;
  #full = false;

  constructor(options: HostCallsOptions) {
    this.#options = options;
    this.#logger = options.logger;
    this.#timers = options.timers ?? NODE_TIMERS;
    this.#nextCall = options.firstCall;
    const { transport, logger } = options;
    this.#keeper = transport && new PortKeeper({ transport, logger });
    this.#keeper?.on('open', (stream) => this.#opened(stream));
    this.#keeper?.on('close', () => this.#closed());
  }

  /** Null where there is no port. */
  get port(): PortStatus | null {
    return this.#keeper?.status ?? null;
  }

  /** Calls that are open. */
  get open(): number {
    return this.#table.size;
  }

  /** Opens the port as soon as it can be. */
  start(): void {
    this.#keeper?.start();
  }

  /** Closes the port; open calls fail. */
  stop(): void {
    this.#keeper?.stop();
  }

  /** @throws {RpcError} see `host.call` in docs/protocol.md */
  async call(session: SessionId, params: HostCallParams): Promise<{ readonly return: unknown }> {
    const { allow, answerMs } = this.#options.settings();
    const { call: number, method, timeoutMs = answerMs } = params;
    if (!this.#keeper) throw new RpcError('host-absent', 'clipmuxd has no port for calls to the host');
    if (!allow.includes(method)) {
      throw new RpcError('not-allowed', `the configuration does not let sessions call ${method} of the host`);
    }
    const call = this.#nextCall;
    this.#nextCall += 1;
    const outcome = await new Promise<{ readonly return: unknown } | RpcError>((resolve) => {
      this.#settle.set(call, resolve);
      this.#logger.debug('a session calls the host', { session, call, method });
      this.#handle({
        event: 'called',
        call,
        session,
        number,
        method,
        params: params.params,
        timeoutMs: Math.min(timeoutMs, answerMs),
      });
      this.#write();
    });
    if (outcome instanceof RpcError) throw outcome;
    return outcome;
  }

  /** The session takes a call back, by the number that it gave it. */
  cancel(session: SessionId, number: number): void {
    this.#handle({ event: 'cancelled', session, number });
  }

  /** The session is gone. */
  left(session: SessionId): void {
    this.#handle({ event: 'session-left', session });
  }

  /** Tells the host, if it is one of the things that it is told. */
  tell(happening: ControlHappening): void {
    const event = this.#stream && toGuestEvent(happening);
    if (!event) return;
    this.#push(event);
    this.#write();
  }

  #push(event: GuestEvent): void {
    this.#events.push(event, this.#options.now());
  }

  #opened(stream: Duplex): void {
    const reader = new LineMessageReader(
      {
        message: (message) => {
          const read = readHostMessage(message);
          if (read.kind === 'other') this.#ignored(read.reason);
          else {
            // Whoever answers is a host that knows what this port is for.
            this.#keeper?.confirm();
            this.#handle({ event: 'answered', id: read.id, outcome: read.outcome });
          }
        },
        broken: (fault) => this.#ignored(FAULTS[fault]),
      },
      HOST_LINE_BYTES_MAX,
    );
    this.#stream = stream;
    // QEMU keeps the host's connection when the guest is reset: the host may hold half a line of the clipmuxd before, which ends here.
    this.#full = !stream.write(LINE_END);
    stream.on('data', (bytes: Buffer) => {
      if (this.#stream === stream) reader.push(bytes);
    });
    stream.on('drain', () => {
      if (this.#stream !== stream) return;
      this.#full = false;
      this.#write();
    });
    this.#handle({ event: 'attached' });
    this.#push({ event: 'READY', data: { version: this.#options.version }, stateOf: null });
    for (const happening of this.#options.present()) {
      const event = toGuestEvent(happening);
      if (event) this.#push(event);
    }
    this.#write();
  }

  #closed(): void {
    this.#stream = null;
    this.#events.clear();
    this.#handle({ event: 'detached' });
  }

  /** Writes what waits, as far as the host reads. Events first: they are few, and a call may be about what they tell. */
  #write(): void {
    while (this.#stream && !this.#full) {
      const line = this.#events.shift(this.#options.now()) ?? this.#table.nextLine();
      if (line === undefined) return;
      this.#full = !this.#stream.write(line);
    }
  }

  #handle(event: CallEvent): void {
    for (const effect of this.#table.handle(event)) {
      switch (effect.effect) {
        case 'settle': {
          const settle = this.#settle.get(effect.call);
          this.#settle.delete(effect.call);
          settle?.(effect.outcome);
          break;
        }
        case 'start-timer': {
          const { call, milliseconds } = effect;
          this.#running.set(
            call,
            this.#timers.set(() => this.#handle({ event: 'late', call }), milliseconds),
          );
          break;
        }
        case 'stop-timer': {
          const timer = this.#running.get(effect.call);
          this.#running.delete(effect.call);
          if (timer !== undefined) this.#timers.clear(timer);
          break;
        }
        case 'tell-host':
          this.#push(callEnded(effect.id, effect.reason));
          this.#write();
          break;
        case 'dropped':
          this.#logger.info('an answer of the host was dropped', {
            session: effect.id?.session ?? 'none',
            call: effect.id?.call ?? 'none',
            reason: effect.reason,
          });
          break;
      }
    }
  }

  /** Not what it was: it may hold what a session may not let be seen. */
  #ignored(reason: string): void {
    this.#logger.info('the host sent what is no answer to a call', { reason });
  }
}

const LINE_END = '\n';

/** What is logged of a line that cannot be read: nothing of what it holds. */
const FAULTS: Readonly<Record<LineFault, string>> = {
  'no-json': 'the line is not one JSON object',
  'too-long': `the line has more than ${HOST_LINE_BYTES_MAX} bytes`,
};
