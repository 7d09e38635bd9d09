import {
  createJSONRPCErrorResponse,
  createJSONRPCNotification,
  createJSONRPCRequest,
  createJSONRPCSuccessResponse,
  type JSONRPCErrorResponse,
  type JSONRPCID,
  type JSONRPCRequest,
  type JSONRPCResponse,
} from 'json-rpc-2.0';
import { Cancellation, type CancelSignal } from './cancellation.ts';
import { RpcError, rpcErrorOfSignal, type WireError } from './errors.ts';
import { classifyMessage, type Message } from './message.ts';
import { SHARED_TIMERS } from './shared-timers.ts';
import type { TimerHandle, Timers } from './timers.ts';

/** Calls that may be open at once in each direction, unless set otherwise. Far above what selections need; it bounds what a peer can make us remember. */
export const PENDING_CALLS_MAX = 64;

/** How long a call waits for its answer unless told otherwise, in milliseconds. */
export const CALL_TIMEOUT_MS = 10_000;

/** What a handler is given beside its parameters. */
export interface CallContext {
  /** Aborted, with an {@link RpcError} as the reason, when the connection ends before the answer. */
  readonly signal: CancelSignal;
  /** Calls back right after the answer has been handed to the transport, with the error if it was one. Not called if the connection ends first. */
  afterAnswer(callback: (error: WireError | undefined) => void): void;
}

/** A method that a peer may use. */
export interface PeerMethod {
  /** A call is answered; a notification is not, so that bad parameters in it are a fault of the connection. */
  readonly kind: 'call' | 'notification';
  /** Checks the parameters. @throws {RpcError} `invalid-params` */
  parse(params: unknown): unknown;
  /** Started in the order of the messages, synchronously. */
  handle(params: unknown, context: CallContext): unknown;
}

/** What a {@link RpcPeer} needs from its surroundings. */
export interface RpcPeerOptions {
  /** Hands a message to the transport. It may throw where the message cannot be sent. */
  send(message: object): void;
  /** Calls `send` at once; what is sent in it goes out together. */
  together?(send: () => void): void;
  readonly methods: ReadonlyMap<string, PeerMethod>;
  /** The peer broke the contract where no answer can say so. */
  fault(error: RpcError): void;
  /** A handler threw something that is not an {@link RpcError}: the peer is told `internal`, this is for our own log. */
  internalError(error: unknown, method: string): void;
  readonly pendingCallsMax?: number;
  readonly timers?: Timers;
}

/** How one call is made. */
export interface CallOptions {
  /** Milliseconds until the call rejects with `timed-out`; {@link CALL_TIMEOUT_MS} if not given, `Infinity` for none. */
  readonly timeoutMs?: number;
  /** Gives the call up: it rejects with the signal's reason if that is an {@link RpcError}, else with `cancelled`. */
  readonly signal?: CancelSignal;
  /** Sees the result at once, before anything that came after it in the stream. If it throws, the call rejects with that. */
  readonly onResult?: (result: unknown) => void;
}

interface PendingCall {
  readonly onResult: ((result: unknown) => void) | undefined;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Lets go of the time-out and the signal. */
  release(): void;
}

/**
 * JSON-RPC 2.0 on objects, both roles. The messages are those of `json-rpc-2.0`, which makes them; its client and its server are not used:
 * they put a dozen promises between a paste and its content, a tenth of all that a small one takes. And what they leave open is decided here: every
 * error has a code of ours and leaks nothing (the library sends code 0 with the raw message and prints to the console), junk is a typed error
 * (`receiveAndSend` rejects without saying why), calls can be abandoned, are limited in number and are all rejected on close, and a failing
 * send of a notification is not swallowed.
 */
export class RpcPeer {
  readonly #options: RpcPeerOptions;
  readonly #timers: Timers;
  readonly #pendingCallsMax: number;
  readonly #pending = new Map<number, PendingCall>();
  readonly #answering = new Set<Answering>();
  #lastId = 0;
  #closed: RpcError | undefined;

  constructor(options: RpcPeerOptions) {
    this.#options = options;
    this.#timers = options.timers ?? SHARED_TIMERS;
    this.#pendingCallsMax = options.pendingCallsMax ?? PENDING_CALLS_MAX;
  }

  /** Calls that wait for the peer's answer. */
  get pendingCalls(): number {
    return this.#pending.size;
  }

  /**
   * Takes a message that the peer sent: whatever JSON it was.
   * @throws {RpcError} `protocol-error` if it is no JSON-RPC 2.0 message
   */
  receive(value: unknown): void {
    if (this.#closed !== undefined) return;
    const message = classifyMessage(value);
    if (message.kind === 'answer') this.#receiveAnswer(message);
    else if (message.request.id === undefined) this.#receiveNotification(message.request);
    else this.#receiveCall(message.request, message.request.id);
  }

  /** Calls a method of the peer. @throws {RpcError} the peer's error, or `timed-out`, `cancelled`, `limit-exceeded`, `connection-closed` */
  call(method: string, params: object, options: CallOptions = {}): Promise<unknown> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    if (options.signal?.aborted) return Promise.reject(rpcErrorOfSignal(options.signal));
    if (this.#pending.size >= this.#pendingCallsMax) {
      const message = `${this.#pendingCallsMax} calls are already waiting for an answer`;
      return Promise.reject(new RpcError('limit-exceeded', message));
    }
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const pending: PendingCall = { onResult: options.onResult, resolve, reject, release: () => {} };
      this.#pending.set(id, pending);
      try {
        this.#options.send(createJSONRPCRequest(id, method, params));
      } catch {
        return this.#abandon(id, new RpcError('internal', `the call of ${method} could not be sent`));
      }
      // Only now: the peer may be at work while we see to time-outs.
      if (this.#pending.has(id)) this.#limit(pending, id, method, options);
    });
  }

  /** Sends a notification. @throws what the transport throws; nothing once the connection is closed */
  notify(method: string, params: object): void {
    if (this.#closed === undefined) this.#options.send(createJSONRPCNotification(method, params));
  }

  /** Ends it all: open calls reject with the error, the signals of handlers are aborted with it, later calls are refused with it. */
  close(error: RpcError): void {
    if (this.#closed !== undefined) return;
    this.#closed = error;
    for (const id of [...this.#pending.keys()]) this.#abandon(id, error);
    for (const answering of this.#answering) answering.abort(error);
    this.#answering.clear();
  }

  /** Sees to it that a call does not wait for longer than the caller wants. */
  #limit(pending: PendingCall, id: number, method: string, options: CallOptions): void {
    const { signal, timeoutMs = CALL_TIMEOUT_MS } = options;
    let timer: TimerHandle | undefined;
    const cancelled = () => signal && this.#abandon(id, rpcErrorOfSignal(signal));
    pending.release = () => {
      if (timer !== undefined) this.#timers.clear(timer);
      signal?.removeEventListener('abort', cancelled);
    };
    if (timeoutMs !== Number.POSITIVE_INFINITY) {
      const late = () => this.#abandon(id, new RpcError('timed-out', `no answer to ${method} within ${timeoutMs} ms`));
      timer = this.#timers.set(late, timeoutMs);
    }
    signal?.addEventListener('abort', cancelled, { once: true });
  }

  /** Settles a call without the peer's answer; should that still come, nobody waits for it. */
  #abandon(id: number, error: RpcError): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    pending.release();
    pending.reject(error);
  }

  #receiveAnswer(message: Message & { kind: 'answer' }): void {
    const { id, response } = message;
    if (id === null) {
      this.#options.fault(
        new RpcError(
          'protocol-error',
          `the peer could not read a message: ${RpcError.fromWire(response.error).message}`,
        ),
      );
      return;
    }
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined;
    // An answer to no open call is one that came after its time-out: nobody waits for it.
    if (pending === undefined || typeof id !== 'number') return;
    this.#pending.delete(id);
    pending.release();
    if (response.error) return pending.reject(RpcError.fromWire(response.error));
    try {
      pending.onResult?.(response.result);
    } catch (error) {
      return pending.reject(asRpcError(error));
    }
    pending.resolve(response.result);
  }

  /** Carries out a notification: there is nothing to answer. */
  #receiveNotification({ method: name, params }: JSONRPCRequest): void {
    const method = this.#options.methods.get(name);
    if (method === undefined) return; // what is not known is passed over: a newer peer may send it
    const failed = (error: unknown): void => {
      if (!(error instanceof RpcError)) this.#options.internalError(error, name);
    };
    let parsed: unknown;
    try {
      if (method.kind === 'call') throw new RpcError('invalid-request', 'it is a call and needs an id');
      parsed = method.parse(params);
    } catch (error) {
      this.#options.fault(new RpcError('protocol-error', `${name}: ${asRpcError(error).message}`));
      return;
    }
    try {
      const done = method.handle(parsed, new Answering());
      if (done instanceof Promise) done.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #receiveCall(request: JSONRPCRequest, id: JSONRPCID): void {
    if (this.#answering.size >= this.#pendingCallsMax) {
      const message = `${this.#pendingCallsMax} calls are already being answered`;
      this.#send(errorResponse(id, new RpcError('limit-exceeded', message)));
      return;
    }
    const answering = new Answering();
    this.#answering.add(answering);
    const answer = (response: JSONRPCResponse) => {
      const sent = this.#send(response);
      answering.answered(sent.error as WireError | undefined);
    };
    const answered = (response: JSONRPCResponse): void => {
      this.#answering.delete(answering);
      if (this.#closed !== undefined) return;
      // What the handler sends right after its answer, such as content, need not wake the peer again.
      if (this.#options.together) this.#options.together(() => answer(response));
      else answer(response);
    };
    const failed = (error: unknown): void => {
      if (!(error instanceof RpcError)) this.#options.internalError(error, request.method);
      answered(errorResponse(id, asRpcError(error)));
    };
    const succeeded = (result: unknown): void => answered(createJSONRPCSuccessResponse(id, result ?? null));
    const method = this.#options.methods.get(request.method);
    if (method === undefined)
      return answered(errorResponse(id, new RpcError('method-not-found', 'no such method here')));
    let result: unknown;
    try {
      result = method.handle(method.parse(request.params), answering);
    } catch (error) {
      return failed(error);
    }
    if (result instanceof Promise) result.then(succeeded, failed);
    else succeeded(result);
  }

  /** Sends an answer; if the transport cannot take it, `internal` goes in its place. Returns what was sent. */
  #send(response: JSONRPCResponse): JSONRPCResponse {
    try {
      this.#options.send(response);
      return response;
    } catch (error) {
      this.#options.internalError(error, 'answer');
      const instead = errorResponse(response.id, new RpcError('internal', 'the answer could not be sent'));
      this.#options.send(instead);
      return instead;
    }
  }
}

/** The context of one request that a handler is answering. */
class Answering implements CallContext {
  readonly #callbacks: ((error: WireError | undefined) => void)[] = [];
  /** Made only where the handler asks for its signal: most do not. */
  #cancellation: Cancellation | undefined;
  #failure: RpcError | undefined;

  get signal(): CancelSignal {
    this.#cancellation ??= new Cancellation();
    if (this.#failure !== undefined) this.#cancellation.abort(this.#failure);
    return this.#cancellation;
  }

  afterAnswer(callback: (error: WireError | undefined) => void): void {
    this.#callbacks.push(callback);
  }

  answered(error: WireError | undefined): void {
    for (const callback of this.#callbacks) callback(error);
  }

  abort(error: RpcError): void {
    this.#failure = error;
    this.#cancellation?.abort(error);
  }
}

function asRpcError(error: unknown): RpcError {
  return error instanceof RpcError ? error : new RpcError('internal', 'internal error');
}

function errorResponse(id: JSONRPCID, error: RpcError): JSONRPCErrorResponse {
  const { code, message, data } = error.toWire();
  return createJSONRPCErrorResponse(id, code, message, data);
}
