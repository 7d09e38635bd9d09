import { isUtf8 } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { type CallOptions, NODE_TIMERS, type PeerMethod, RpcError, RpcPeer, type Timers } from '../peer/index.ts';
import {
  CONTROL_CALLS_MAX,
  CONTROL_CLOSE_FLUSH_TIMEOUT_MS,
  CONTROL_LINE_BYTES_MAX,
  CONTROL_OUTGOING_PAUSE_BYTES,
} from './limits.ts';
import { LineReader } from './line-reader.ts';

/** What a {@link ControlWire} needs from its surroundings. */
export interface ControlWireOptions {
  /** Who we are: only a server answers what it cannot read. */
  readonly role: 'server' | 'client';
  readonly methods: ReadonlyMap<string, PeerMethod>;
  /** The connection is over; called once. Open calls have failed already. */
  closed(error: RpcError): void;
  /** A handler threw something that is not an RpcError; for the log. */
  internalError?(error: unknown, method: string): void;
  /** Calls that are worked on at once; {@link CONTROL_CALLS_MAX} if not given. */
  readonly callsMax?: number;
  /** All that was queued has been taken. */
  drained?(): void;
  readonly timers?: Timers;
}

/**
 * JSON-RPC 2.0, one object a line, on any stream. Calls are taken up in their order, {@link CONTROL_CALLS_MAX} at once; while
 * answers wait for their reader nothing more is read. The server answers a line that it cannot read with an error whose id is null,
 * and goes on: the next line begins anew. When the client ends its side, what it asked before is still answered.
 */
export class ControlWire {
  readonly #stream: Duplex;
  readonly #options: ControlWireOptions;
  readonly #timers: Timers;
  readonly #reader = new LineReader();
  readonly #peer: RpcPeer;
  #answering = 0;
  #taking = false;
  #inputEnded = false;
  #closed = false;

  constructor(stream: Duplex, options: ControlWireOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#timers = options.timers ?? NODE_TIMERS;
    this.#peer = new RpcPeer({
      send: (message) => this.#send(message),
      methods: options.methods,
      fault: (error) => this.#unreadable(new RpcError('invalid-request', error.message)),
      internalError: (error, method) => options.internalError?.(error, method),
      timers: this.#timers,
    });
    stream.on('data', (chunk: Buffer) => this.#received(chunk));
    stream.on('end', () => this.#ended());
    stream.on('drain', () => {
      options.drained?.();
      this.#takeLines();
    });
    let problem: Error | undefined;
    stream.on('error', (error: Error) => {
      problem ??= error;
    });
    stream.on('close', () => {
      this.#finish(new RpcError('connection-closed', problem?.message ?? 'the other end closed the connection'));
    });
  }

  /** Bytes that wait for the other end to read them. */
  get backlog(): number {
    return this.#stream.writableLength;
  }

  /** Calls a method of the other end. @throws {RpcError} as `RpcPeer.call` */
  call(method: string, params: object, options: CallOptions = {}): Promise<unknown> {
    return this.#peer.call(method, params, options);
  }

  /** Sends a notification; nothing once the connection is over. */
  notify(method: string, params: object): void {
    this.#peer.notify(method, params);
  }

  /** Ends the connection; the other end is told why, if there is a reason and it is not told by an answer. */
  close(error?: RpcError): void {
    if (this.#closed) return;
    if (error !== undefined && this.#options.role === 'server') this.#tellWithoutId(error);
    this.#finish(error ?? new RpcError('connection-closed', 'the connection was closed'));
  }

  #received(chunk: Buffer): void {
    if (this.#closed) return;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.close(error as RpcError);
      return;
    }
    this.#takeLines();
  }

  #ended(): void {
    this.#inputEnded = true;
    if (this.#closed) return;
    if (this.#options.role === 'client') {
      this.#finish(new RpcError('connection-closed', 'clipmuxd closed the connection'));
      return;
    }
    this.#reader.end();
    this.#takeLines();
  }

  #takeLines(): void {
    if (this.#taking || this.#closed) return;
    this.#taking = true;
    try {
      for (;;) {
        if (
          this.#answering >= (this.#options.callsMax ?? CONTROL_CALLS_MAX) ||
          this.backlog > CONTROL_OUTGOING_PAUSE_BYTES
        ) {
          this.#stream.pause();
          return;
        }
        const line = this.#reader.next();
        if (line === undefined) break;
        if (!isBlank(line)) this.#take(line);
        if (this.#closed) return;
      }
    } finally {
      this.#taking = false;
    }
    if (!this.#inputEnded) this.#stream.resume();
    else if (this.#answering === 0) this.#finish(new RpcError('connection-closed', 'the other end has said all'));
  }

  #take(line: Buffer): void {
    let message: unknown;
    try {
      if (!isUtf8(line)) throw new Error('not UTF-8');
      message = JSON.parse(line.toString('utf8'));
    } catch {
      this.#unreadable(new RpcError('parse-error', 'a line is not JSON in UTF-8'));
      return;
    }
    const { method, id, error } = membersOf(message);
    if (method === undefined && error !== undefined && error !== null && id === null) {
      // Said to the connection as a whole. Answering a complaint with a complaint could go on for ever.
      if (this.#options.role === 'client') this.#finish(RpcError.fromWire(error));
      return;
    }
    const isCall = method !== undefined && id !== undefined;
    if (isCall) this.#answering += 1;
    try {
      this.#peer.receive(message);
    } catch (refused) {
      if (isCall) this.#answering -= 1;
      this.#unreadable(new RpcError('invalid-request', (refused as RpcError).message));
    }
  }

  #unreadable(error: RpcError): void {
    if (this.#options.role === 'server') this.#tellWithoutId(error);
    else this.#finish(new RpcError('protocol-error', `clipmuxd sent what is not understood: ${error.message}`));
  }

  #tellWithoutId(error: RpcError): void {
    this.#write(`${JSON.stringify({ jsonrpc: '2.0', id: null, error: error.toWire() })}\n`);
  }

  #send(message: object): void {
    const line = JSON.stringify(message);
    if (line.length > CONTROL_LINE_BYTES_MAX || Buffer.byteLength(line) > CONTROL_LINE_BYTES_MAX) {
      throw new RpcError('too-large', `a message is longer than ${CONTROL_LINE_BYTES_MAX} bytes`);
    }
    this.#write(`${line}\n`);
    if ('method' in message) return;
    this.#answering -= 1;
    this.#takeLines();
  }

  #write(line: string): void {
    if (!this.#closed && this.#stream.writable) this.#stream.write(line);
  }

  #finish(error: RpcError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#peer.close(error);
    this.#stream.end();
    const timer = this.#timers.set(() => this.#stream.destroy(), CONTROL_CLOSE_FLUSH_TIMEOUT_MS);
    this.#stream.once('close', () => this.#timers.clear(timer));
    if (this.#stream.destroyed) this.#timers.clear(timer);
    // Whatever still comes is read and forgotten, so that the end arrives.
    this.#stream.resume();
    this.#options.closed(error);
  }
}

const CARRIAGE_RETURN = 0x0d;

function isBlank(line: Buffer): boolean {
  return line.length === 0 || (line.length === 1 && line[0] === CARRIAGE_RETURN);
}

function membersOf(value: unknown): { readonly method?: unknown; readonly id?: unknown; readonly error?: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
