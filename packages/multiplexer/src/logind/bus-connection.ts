import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { NODE_TIMERS, type TimerHandle, type Timers } from '@clipmux/rpc';
import dbus from 'dbus-next';
import { socketPathOf } from './bus-address.ts';
import { LogindError } from './errors.ts';
import { guardReading } from './guard-reading.ts';
import {
  BUS_CALL_TIMEOUT_MS,
  BUS_CALLS_IN_FLIGHT_MAX,
  BUS_CALLS_WAITING_MAX,
  BUS_CONNECT_TIMEOUT_MS,
} from './limits.ts';
import { BUS_NAME, BUS_PATH } from './names.ts';
import { plainBody } from './plain-value.ts';

/** A method call. */
export interface BusCall {
  /** The bus itself, or a unique name: a reply counts only if it comes from there. */
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  /** D-Bus signature of `body`; default none. */
  readonly signature?: string;
  readonly body?: readonly unknown[];
}

/** A signal. Any process on the bus can send one to us: who trusts it must look at `sender`. */
export interface BusSignal {
  /** Unique name of the sender, stamped by the bus; the bus's own signals come from `org.freedesktop.DBus`. */
  readonly sender: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly body: readonly unknown[];
}

export interface BusConnectionEvents {
  signal: [signal: BusSignal];
  /** The connection is gone, once. Every call that waits has been rejected. */
  close: [error: LogindError];
}

export interface BusConnectionOptions {
  /** A D-Bus address with a `unix:path=` entry. */
  readonly address: string;
  readonly timers?: Timers;
  /** Milliseconds; default {@link BUS_CONNECT_TIMEOUT_MS}. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds; default {@link BUS_CALL_TIMEOUT_MS}. */
  readonly callTimeoutMs?: number;
}

interface PendingCall {
  readonly call: BusCall;
  readonly resolve: (body: readonly unknown[]) => void;
  readonly reject: (error: LogindError) => void;
  timer: TimerHandle | undefined;
}

/** What we use of dbus-next's bus beyond its types: the connection's stream, and the handler that waits for Hello's reply. */
interface BusInternals {
  readonly name: string | null;
  readonly _connection: { readonly stream: Socket };
  readonly _methodReturnHandlers: Record<string, unknown>;
}

/**
 * A connection to a message bus: the adapter of dbus-next. Values come out of it plain (no Variant; dictionaries as objects without
 * prototype; `x` and `t` as bigint) and unvalidated. What the library does not do is done here:
 *
 * - it waits for replies for ever, even once the bus is dead → replies are matched here, with time-outs, and the stream is watched;
 * - it swallows what listeners throw → that is thrown outside of it;
 * - it lets what it cannot parse escape as an uncaught exception, and any local process may send us such a message (a file descriptor's
 *   index without file descriptors is one) → that one message is dropped;
 * - it makes an unhandled rejection of a refused Hello → the refusal is taken before it sees it;
 * - it answers method calls (introspection) → ours are refused.
 */
export class BusConnection extends EventEmitter<BusConnectionEvents> {
  readonly #bus: dbus.MessageBus;
  readonly #stream: Socket;
  readonly #timers: Timers;
  readonly #callTimeoutMs: number;
  readonly #inFlight = new Map<number, PendingCall>();
  readonly #waiting = new Set<PendingCall>();
  #closed: LogindError | undefined;
  #dropped = 0;

  /**
   * Connects and says Hello.
   * @throws {LogindError} `bad-address`, `no-bus`
   */
  static async open(options: BusConnectionOptions): Promise<BusConnection> {
    const connection = new BusConnection(options);
    await connection.#opened(options);
    return connection;
  }

  private constructor(options: BusConnectionOptions) {
    super();
    this.#timers = options.timers ?? NODE_TIMERS;
    this.#callTimeoutMs = options.callTimeoutMs ?? BUS_CALL_TIMEOUT_MS;
    // 'socket' is dbus-next's own key: unlike 'path' it never reaches for the native module usocket.
    const busAddress = `unix:socket=${socketPathOf(options.address)}`;
    this.#bus = dbus.sessionBus({ busAddress, authMethods: ['EXTERNAL'] });
    this.#stream = this.#internals._connection.stream;
    guardReading(this.#stream, () => this.#dropped++);
    this.#bus.on('message', (message: unknown) => {
      try {
        this.#take(message as dbus.Message);
      } catch (error) {
        process.nextTick(() => {
          throw error;
        });
      }
    });
    this.#bus.addMethodHandler((message: dbus.Message) => this.#refuse(message));
    this.#stream.on('close', () => this.#close(new LogindError('closed', 'the bus has closed the connection')));
  }

  /** Messages that dbus-next could not read. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Calls a method. Resolves with the body of its reply.
   * @throws {LogindError} `refused`, `timed-out`, `closed`, `busy`
   */
  call(call: BusCall): Promise<readonly unknown[]> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) return reject(this.#closed);
      if (this.#waiting.size >= BUS_CALLS_WAITING_MAX) {
        return reject(new LogindError('busy', `${call.member}: ${this.#waiting.size} calls wait already`));
      }
      const pending: PendingCall = { call, resolve, reject, timer: undefined };
      pending.timer = this.#timers.set(() => this.#expired(pending), this.#callTimeoutMs);
      this.#waiting.add(pending);
      this.#sendWaiting();
    });
  }

  /** Calls a method of the bus itself. */
  callBus(member: string, signature: string, body: readonly unknown[]): Promise<readonly unknown[]> {
    return this.call({ destination: BUS_NAME, path: BUS_PATH, interface: BUS_NAME, member, signature, body });
  }

  /** Asks for the signals that this rule matches: https://dbus.freedesktop.org/doc/dbus-specification.html#message-bus-routing-match-rules */
  async addMatch(rule: string): Promise<void> {
    await this.callBus('AddMatch', 's', [rule]);
  }

  /** Closes the connection; `close` is emitted before this returns. */
  close(): void {
    this.#close(new LogindError('closed', 'the connection to the bus was closed by us'));
  }

  get #internals(): BusInternals {
    return this.#bus as unknown as BusInternals;
  }

  #opened(options: BusConnectionOptions): Promise<void> {
    const { address, connectTimeoutMs = BUS_CONNECT_TIMEOUT_MS } = options;
    return new Promise((resolve, reject) => {
      let open = false;
      const fail = (why: string, cause?: unknown) => {
        this.#timers.clear(timer);
        const error = new LogindError('no-bus', `the bus at ${address} cannot be used: ${why}`, { cause });
        this.#close(error);
        reject(error);
      };
      const timer = this.#timers.set(() => fail(`no answer within ${connectTimeoutMs} ms`), connectTimeoutMs);
      // Once open, an error that matters is followed by the stream's close; others are messages that the library did not like.
      this.#bus.on('error', (error: unknown) => {
        if (!open) fail(error instanceof Error ? error.message : String(error), error);
        else this.#dropped++;
      });
      const closed = (error: LogindError) => fail(error.message, error);
      this.once('close', closed);
      this.#bus.on('connect', () => {
        open = true;
        this.#timers.clear(timer);
        this.off('close', closed);
        resolve();
      });
    });
  }

  #take(message: dbus.Message): void {
    if (this.#closed !== undefined) return; // what was read along with the end
    switch (message.type) {
      case dbus.MessageType.SIGNAL:
        this.emit('signal', {
          sender: message.sender,
          path: message.path,
          interface: message.interface,
          member: message.member,
          body: plainBody(message.body),
        });
        return;
      case dbus.MessageType.METHOD_RETURN:
      case dbus.MessageType.ERROR:
        this.#reply(message);
        return;
      default:
        return; // a method call: #refuse answers it
    }
  }

  #reply(message: dbus.Message): void {
    const serial = Number(message.replySerial);
    const pending = this.#inFlight.get(serial);
    const body = plainBody(message.body);
    const failed = message.type === dbus.MessageType.ERROR;
    if (pending === undefined) {
      if (failed && this.#internals.name === null) this.#helloRefused(message, String(body[0] ?? ''));
      return;
    }
    // The bus itself answers for a peer that is gone.
    if (message.sender !== pending.call.destination && message.sender !== BUS_NAME) return;
    this.#inFlight.delete(serial);
    this.#timers.clear(pending.timer as TimerHandle);
    if (failed) {
      const text = `${pending.call.member} was answered by ${message.errorName}: ${String(body[0] ?? '')}`;
      pending.reject(new LogindError('refused', text, { errorName: message.errorName }));
    } else {
      pending.resolve(body);
    }
    this.#sendWaiting();
  }

  #helloRefused(message: dbus.Message, text: string): void {
    delete this.#internals._methodReturnHandlers[message.replySerial];
    this.#close(new LogindError('no-bus', `Hello was answered by ${message.errorName}: ${text}`));
  }

  #sendWaiting(): void {
    for (const pending of this.#waiting) {
      if (this.#inFlight.size >= BUS_CALLS_IN_FLIGHT_MAX) return;
      this.#waiting.delete(pending);
      const { destination, path, interface: interfaceName, member, signature = '', body = [] } = pending.call;
      const message = new dbus.Message({
        destination,
        path,
        interface: interfaceName,
        member,
        signature,
        body: [...body],
      });
      message.serial = this.#bus.newSerial();
      this.#inFlight.set(Number(message.serial), pending);
      try {
        this.#bus.send(message);
      } catch (cause) {
        this.#close(new LogindError('closed', `the bus takes no more calls: ${(cause as Error).message}`, { cause }));
      }
    }
  }

  #expired(pending: PendingCall): void {
    this.#waiting.delete(pending);
    for (const [serial, other] of this.#inFlight) if (other === pending) this.#inFlight.delete(serial);
    const { member, destination } = pending.call;
    pending.reject(
      new LogindError('timed-out', `${member}: no reply from ${destination} within ${this.#callTimeoutMs} ms`),
    );
    this.#sendWaiting();
  }

  #refuse(message: dbus.Message): boolean {
    if ((message.flags & dbus.MessageFlag.NO_REPLY_EXPECTED) === 0) {
      const text = 'clipmuxd offers nothing on the bus';
      // The library's types call the message a string.
      const call = message as unknown as string;
      this.#bus.send(dbus.Message.newError(call, 'org.freedesktop.DBus.Error.UnknownMethod', text));
    }
    return true;
  }

  #close(error: LogindError): void {
    if (this.#closed !== undefined) return;
    this.#closed = error;
    this.#stream.destroy();
    const calls = [...this.#inFlight.values(), ...this.#waiting];
    this.#inFlight.clear();
    this.#waiting.clear();
    for (const { timer, reject } of calls) {
      this.#timers.clear(timer as TimerHandle);
      reject(error);
    }
    this.emit('close', error);
  }
}
