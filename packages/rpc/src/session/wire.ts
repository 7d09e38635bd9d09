import { isUtf8 } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { FrameError, FrameParser } from '../frame/index.ts';
import {
  type CallContext,
  PENDING_CALLS_MAX,
  type PeerMethod,
  RpcError,
  RpcPeer,
  SHARED_TIMERS,
  type Timers,
} from '../peer/index.ts';
import { CLOSE_FLUSH_TIMEOUT_MS, OPEN_TRANSFERS_MAX, SEND_STALL_TIMEOUT_MS, TEXT_BYTES_MAX } from './limits.ts';
import {
  AGENT_TO_DAEMON,
  type CallName,
  type Contract,
  DAEMON_TO_AGENT,
  type NotificationName,
  type Params,
  parseFields,
  type Result,
  type SentParams,
} from './methods.ts';
import { FrameOutput } from './output.ts';
import { collectContent } from './transfer/collect.ts';
import {
  type ContentRequest,
  type IncomingContent,
  IncomingTransfers,
  type RequestOptions,
} from './transfer/incoming.ts';
import { OutgoingTransfers } from './transfer/outgoing.ts';
import type {
  CloseReason,
  NotificationHandlers,
  WireCallOptions,
  WireHandlers,
  WireMethod,
  WireOptions,
} from './wire-types.ts';

/** What differs between the ends of a wire. */
export interface WireEnd<Out extends Contract, In extends Contract> {
  readonly outgoing: Out;
  readonly incoming: In;
  /** Notification that says why this end closes. */
  readonly farewell: 'session.bye' | 'session.end';
}

/** The end of an agent. */
export const AGENT_END = { outgoing: AGENT_TO_DAEMON, incoming: DAEMON_TO_AGENT, farewell: 'session.bye' } as const;
/** The end of clipmuxd. */
export const DAEMON_END = { outgoing: DAEMON_TO_AGENT, incoming: AGENT_TO_DAEMON, farewell: 'session.end' } as const;

/**
 * One end of a session connection on a stream: typed calls and notifications, and transfers of content both ways. Nothing but the wire may touch the stream.
 * The socket is always read; whatever is not read by those who asked for it is bounded by the transfers' window.
 */
export abstract class SessionWire<Out extends Contract, In extends Contract> {
  readonly #stream: Duplex;
  readonly #end: WireEnd<Out, In>;
  readonly #handlers: WireHandlers & NotificationHandlers<In>;
  readonly #timers: Timers;
  readonly #output: FrameOutput;
  readonly #parser: FrameParser;
  readonly #peer: RpcPeer;
  readonly #incoming: IncomingTransfers;
  readonly #outgoing: OutgoingTransfers;
  readonly #gone: Promise<void>;
  #reason: CloseReason | undefined;

  constructor(
    stream: Duplex,
    end: WireEnd<Out, In>,
    handlers: WireHandlers & NotificationHandlers<In>,
    options: WireOptions,
  ) {
    this.#stream = stream;
    this.#end = end;
    this.#handlers = handlers;
    this.#timers = options.timers ?? SHARED_TIMERS;
    const timers = this.#timers;
    const openTransfersMax = options.openTransfersMax ?? OPEN_TRANSFERS_MAX;
    this.#output = new FrameOutput(
      stream,
      { written: () => this.#outgoing.progressed(), overflow: () => this.#overflow() },
      options.outgoingBytesMax,
    );
    this.#peer = new RpcPeer({
      send: (message) => this.#output.json(message),
      together: (send) => this.#output.together(send),
      methods: this.#methods(),
      fault: (error) => this.#fail(error),
      internalError: (error, method) => handlers.internalError?.(error, method),
      pendingCallsMax: options.pendingCallsMax ?? PENDING_CALLS_MAX,
      timers,
    });
    this.#incoming = new IncomingTransfers(
      {
        call: (params, callOptions) => this.#peer.call('selection.request', params, callOptions),
        creditTransfer: (transfer, bytes) => this.#peer.notify('transfer.credit', { transfer, bytes }),
        cancelTransfer: (transfer, reason) =>
          this.#peer.notify('transfer.cancel', { transfer, reason: shortText(reason) }),
      },
      { openTransfersMax, timers },
    );
    const output = this.#output;
    this.#outgoing = new OutgoingTransfers(
      {
        get dataBlocked() {
          return output.dataBlocked;
        },
        sendData: (transfer, pieces) => output.data(transfer, pieces),
        together: (send) => output.together(send),
        abortTransfer: (transfer, error) => {
          const { code, name, message } = error;
          this.#peer.notify('transfer.abort', { transfer, error: { code, name, message } });
        },
        internalError: (error, where) => handlers.internalError?.(error, where),
      },
      (question, context) => handlers['selection.request'](question, context),
      { openTransfersMax, sendStallTimeoutMs: options.sendStallTimeoutMs ?? SEND_STALL_TIMEOUT_MS, timers },
    );
    this.#parser = new FrameParser(
      {
        json: (payload) => this.#receiveJson(payload),
        dataStart: (transfer, length) => {
          this.admitData();
          this.#incoming.dataStart(transfer, length);
        },
        data: (transfer, piece) => this.#incoming.data(transfer, piece),
      },
      options.jsonFrameBytesMax === undefined ? {} : { jsonBytesMax: options.jsonFrameBytesMax },
    );
    this.#gone = new Promise((resolve) => {
      if (stream.closed) resolve();
      else stream.once('close', resolve);
    });
    this.#listen();
  }

  /** Why the connection is over, or `undefined` while it is not. */
  get closeReason(): CloseReason | undefined {
    return this.#reason;
  }

  /** Transfers under way: asked for here, and asked for by the peer. */
  get openTransfers(): { readonly incoming: number; readonly outgoing: number } {
    return { incoming: this.#incoming.size, outgoing: this.#outgoing.size };
  }

  /** Whether the peer is there and answers. @throws {RpcError} */
  async ping(options: WireCallOptions = {}): Promise<void> {
    await this.rawCall('ping' as CallName<Out>, {} as SentParams<Out, CallName<Out>>, options);
  }

  /** Sends a notification. Once the connection is over it does nothing. */
  notify<M extends Exclude<NotificationName<Out>, WireMethod>>(method: M, params: SentParams<Out, M>): void {
    this.#peer.notify(method, params as object);
  }

  /** Asks the peer for content and reads it as it comes. @throws {RpcError} the owner's error, or `too-large`, `timed-out`, `cancelled`, `limit-exceeded`, `connection-closed` */
  request(question: ContentRequest, options: RequestOptions): Promise<IncomingContent> {
    return this.#incoming.request(question, options);
  }

  /** Asks the peer for content and gathers it in one buffer, which is allocated once its size is known and allowed. @throws {RpcError} as {@link request} */
  async collect(
    question: ContentRequest,
    options: RequestOptions,
  ): Promise<{ readonly type: string; readonly bytes: Buffer }> {
    return collectContent(await this.request(question, options));
  }

  /**
   * Ends the connection and tells the peer why. Resolves when it is torn down, at most {@link CLOSE_FLUSH_TIMEOUT_MS} later. Never rejects.
   * @param error why; `shutting-down` if not given
   */
  close(error: RpcError = new RpcError('shutting-down', 'going down')): Promise<void> {
    if (this.#reason === undefined) {
      this.#sayFarewell(error);
      this.#finish({ by: 'us', name: error.name, message: error.message });
    }
    return this.#gone;
  }

  /** Makes a call of the contract and checks its result. */
  protected async rawCall<M extends CallName<Out>>(
    method: M,
    params: SentParams<Out, M>,
    options: WireCallOptions = {},
  ): Promise<Result<Out, M>> {
    const spec = this.#end.outgoing[method];
    if (spec?.kind !== 'call') throw new Error(`${method} is no call of this contract`);
    return parseFields(
      spec.result,
      await this.#peer.call(method, params as object, options),
      'protocol-error',
    ) as Result<Out, M>;
  }

  /** Sends an answer that no handler gave. */
  protected refuse(id: unknown, error: RpcError): void {
    if (typeof id === 'string' || typeof id === 'number')
      this.#output.json({ jsonrpc: '2.0', id, error: error.toWire() });
  }

  /** Whether a message may come now. @throws {RpcError} if the connection is to end over it */
  protected admit(_message: unknown): void {}

  /** Whether a data frame may come now. @throws {RpcError} if the connection is to end over it */
  protected admitData(): void {}

  /** Called once, when the connection is over. */
  protected ended(): void {}

  /** How session.hello is answered at this end; the parameters have not been checked. */
  protected answerHello(_params: unknown, _context: CallContext): unknown {
    throw new RpcError('method-not-found', 'no such method here');
  }

  #methods(): Map<string, PeerMethod> {
    const own: Record<WireMethod, (params: never, context: CallContext) => unknown> = {
      ping: () => ({}),
      'selection.request': (params: Params<typeof AGENT_TO_DAEMON, 'selection.request'>, context) =>
        this.#outgoing.answer(params, context),
      'session.bye': (params: Params<typeof AGENT_TO_DAEMON, 'session.bye'>) => this.#peerLeaves(params),
      'session.end': (params: Params<typeof DAEMON_TO_AGENT, 'session.end'>) => this.#peerLeaves(params),
      'session.hello': (params, context) => this.answerHello(params, context),
      'transfer.abort': (params: Params<typeof AGENT_TO_DAEMON, 'transfer.abort'>) =>
        this.#incoming.abort(params.transfer, params.error),
      'transfer.cancel': (params: Params<typeof AGENT_TO_DAEMON, 'transfer.cancel'>) =>
        this.#outgoing.cancel(params.transfer, params.reason),
      'transfer.credit': (params: Params<typeof AGENT_TO_DAEMON, 'transfer.credit'>) =>
        this.#outgoing.credit(params.transfer, params.bytes),
    };
    const handlers = { ...this.#handlers, ...own } as Record<
      string,
      (params: unknown, context: CallContext) => unknown
    >;
    const methods = new Map<string, PeerMethod>();
    for (const [name, spec] of Object.entries(this.#end.incoming)) {
      const handle = (params: unknown, context: CallContext) => handlers[name]?.(params, context);
      // Bad parameters of session.hello end the connection, so they are looked at where it is answered.
      const parse = (params: unknown) => (name === 'session.hello' ? params : parseFields(spec.params, params));
      methods.set(name, { kind: spec.kind, parse, handle });
    }
    return methods;
  }

  #listen(): void {
    const stream = this.#stream;
    stream.on('data', (chunk: Buffer) => this.#guard(() => this.#parser.push(chunk)));
    stream.on('end', () => {
      this.#guard(() => this.#parser.end());
      this.#lost('the peer closed the connection');
    });
    stream.on('error', (error: NodeJS.ErrnoException) =>
      this.#lost(`the connection broke: ${error.code ?? 'unknown error'}`),
    );
    stream.on('close', () => this.#lost('the connection was closed'));
    if (stream.destroyed) queueMicrotask(() => this.#lost('the connection was closed before it was used'));
  }

  /** Turns what is wrong with the peer's bytes into the end of the connection. */
  #guard(receive: () => void): void {
    try {
      receive();
    } catch (error) {
      if (error instanceof FrameError) this.#fail(new RpcError('protocol-error', `${error.code}: ${error.message}`));
      else if (error instanceof RpcError) this.#fail(error);
      else {
        this.#handlers.internalError?.(error, 'receive');
        this.#fail(new RpcError('internal', 'internal error'));
      }
    }
  }

  #receiveJson(payload: Buffer): void {
    if (!isUtf8(payload)) throw new RpcError('parse-error', 'a JSON frame is not UTF-8');
    let message: unknown;
    try {
      message = JSON.parse(payload.toString());
    } catch {
      throw new RpcError('parse-error', 'a JSON frame is not JSON');
    }
    this.admit(message);
    this.#peer.receive(message);
  }

  #fail(error: RpcError): void {
    void this.close(error);
  }

  #peerLeaves(farewell: { reason: string; code?: number | undefined }): void {
    const error = RpcError.fromWire({ code: farewell.code, message: farewell.reason });
    const name = farewell.code === undefined ? 'shutting-down' : error.name;
    this.#finish({
      by: 'peer',
      name,
      message: farewell.code === undefined ? new RpcError(name, farewell.reason).message : error.message,
    });
  }

  #lost(message: string): void {
    this.#finish({ by: 'peer', name: 'connection-closed', message });
  }

  #overflow(): void {
    if (this.#reason !== undefined) return;
    this.#finish({ by: 'us', name: 'slow-peer', message: 'the peer does not read what it is sent' });
    // It will not read a farewell either.
    this.#stream.destroy();
  }

  #sayFarewell(error: RpcError): void {
    this.#peer.notify(this.#end.farewell, { reason: shortText(error.message), code: error.code, name: error.name });
  }

  #finish(reason: CloseReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#parser.stop();
    const error = new RpcError('connection-closed', `the connection is over: ${reason.message}`);
    this.#incoming.close(error);
    this.#outgoing.close(error);
    this.#peer.close(error);
    this.#output.end();
    const timer = this.#timers.set(() => this.#stream.destroy(), CLOSE_FLUSH_TIMEOUT_MS);
    void this.#gone.then(() => this.#timers.clear(timer));
    // Whatever the peer still sends is read and forgotten, so that its end arrives.
    this.#stream.resume();
    this.ended();
    this.#handlers.closed?.(reason);
  }
}

function shortText(text: string): string {
  let short = text.slice(0, TEXT_BYTES_MAX);
  while (Buffer.byteLength(short) > TEXT_BYTES_MAX) short = short.slice(0, -1);
  return short;
}
