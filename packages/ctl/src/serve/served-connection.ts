import type { Socket } from 'node:net';
import {
  type CallContext,
  Cancellation,
  type CancelSignal,
  ControlWire,
  type PeerMethod,
  parseServedCall,
  parseServedCancel,
  RpcError,
  SERVED_CALLS_MAX,
  type ServedCall,
} from '@clipmux/rpc';

/** Answers a call. What it returns must be JSON. @throws {RpcError} which is the answer */
export type Serve = (called: ServedCall, signal: CancelSignal) => Promise<unknown>;

/** A connection to the session's agent, on which it calls the methods that are served. */
export class ServedConnection {
  readonly #wire: ControlWire;
  readonly #open = new Map<number, Cancellation>();
  /** Settles with the reason when the connection is over, whoever ended it; what is under way has been aborted then. */
  readonly closed: Promise<RpcError>;

  constructor(socket: Socket, serve: Serve) {
    let over: (error: RpcError) => void = () => {};
    this.closed = new Promise((resolve) => {
      over = resolve;
    });
    const call: PeerMethod = {
      kind: 'call',
      parse: parseServedCall,
      handle: (params, context) => this.#answer(params as ServedCall, context, serve),
    };
    const cancel: PeerMethod = {
      kind: 'notification',
      parse: parseServedCancel,
      handle: (params) => this.#open.get((params as { readonly call: number }).call)?.abort(takenBack()),
    };
    this.#wire = new ControlWire(socket, {
      role: 'client',
      methods: new Map([
        ['session.call', call],
        ['session.cancel', cancel],
      ]),
      // One more than the agent ever has under way, so that what takes one of them back is always read.
      callsMax: SERVED_CALLS_MAX + 1,
      closed: over,
    });
  }

  /** From when it resolves on the methods are called. @throws {RpcError} `already-served`, `limit-exceeded`, `connection-closed` … */
  async begin(methods: readonly string[]): Promise<void> {
    try {
      await this.#wire.call('session.serve', { methods });
    } catch (error) {
      if (!(error instanceof RpcError && error.name === 'method-not-found')) throw error;
      throw new RpcError(
        'method-not-found',
        'the agent of this session is too old to have methods served: restart it, or log in again, after the upgrade',
        { remote: true },
      );
    }
  }

  close(): void {
    this.#wire.close();
  }

  async #answer(called: ServedCall, context: CallContext, serve: Serve): Promise<{ readonly return: unknown }> {
    const cancellation = new Cancellation();
    const { signal } = context;
    signal.addEventListener('abort', () => cancellation.abort(signal.reason), { once: true });
    this.#open.set(called.call, cancellation);
    try {
      return { return: await serve(called, cancellation) };
    } finally {
      this.#open.delete(called.call);
    }
  }
}

function takenBack(): RpcError {
  return new RpcError('cancelled', 'the call was taken back');
}
