import type { Duplex } from 'node:stream';
import { type PeerMethod, RpcError, type Timers } from '../peer/index.ts';
import { parseFields } from '../session/methods.ts';
import type { UnknownEvent } from './events.ts';
import { CONTROL_CALL_TIMEOUT_MS } from './limits.ts';
import {
  CONTROL_METHODS,
  CONTROL_NOTIFICATIONS,
  type ControlMethod,
  type ControlResult,
  type SentControlParams,
} from './methods.ts';
import { ControlWire } from './wire.ts';

/** How a {@link ControlClient} is told what it did not ask for. */
export interface ControlClientOptions {
  /** After `monitor.start`: something has happened. See `knownEvent`. */
  event?(event: UnknownEvent): void;
  readonly timers?: Timers;
}

/** How one call is made. */
export interface ControlCallOptions {
  /** Milliseconds until it rejects with `timed-out`; {@link CONTROL_CALL_TIMEOUT_MS} if not given. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** The client's end of the control socket: typed calls, checked results, events. */
export class ControlClient {
  readonly #wire: ControlWire;
  /** Settles with the reason when the connection is over, whoever ended it. */
  readonly closed: Promise<RpcError>;

  /** @param stream connected to clipmuxd's control socket */
  constructor(stream: Duplex, options: ControlClientOptions = {}) {
    let over: (error: RpcError) => void = () => {};
    this.closed = new Promise((resolve) => {
      over = resolve;
    });
    const event: PeerMethod = {
      kind: 'notification',
      parse: (params) => parseFields(CONTROL_NOTIFICATIONS.event.params, params),
      handle: (params) => options.event?.(params as UnknownEvent),
    };
    this.#wire = new ControlWire(stream, {
      role: 'client',
      methods: new Map([['event', event]]),
      closed: over,
      ...(options.timers === undefined ? {} : { timers: options.timers }),
    });
  }

  /**
   * Calls a method of clipmuxd.
   * @throws {RpcError} clipmuxd's error (`remote`), or `timed-out`, `cancelled`, `connection-closed`, and `protocol-error` for an answer
   *   that this version does not understand
   */
  async call<M extends ControlMethod>(
    method: M,
    params: SentControlParams<M>,
    options: ControlCallOptions = {},
  ): Promise<ControlResult<M>> {
    const result = await this.#wire.call(method, params, { timeoutMs: CONTROL_CALL_TIMEOUT_MS, ...options });
    try {
      return parseFields(CONTROL_METHODS[method].result, result, 'protocol-error') as ControlResult<M>;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new RpcError('protocol-error', `clipmuxd answered ${method} with what is not understood here: ${why}`);
    }
  }

  /** Ends the connection. */
  close(): void {
    this.#wire.close();
  }
}
