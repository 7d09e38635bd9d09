import type { CancelSignal, RpcErrorName, Timers } from '../peer/index.ts';
import type { Contract, NotificationName, Params } from './methods.ts';
import type { ContentHandler } from './transfer/outgoing.ts';

/** Methods that the wire itself sends and answers. */
export type WireMethod =
  | 'ping'
  | 'selection.request'
  | 'session.bye'
  | 'session.end'
  | 'session.hello'
  | 'transfer.abort'
  | 'transfer.cancel'
  | 'transfer.credit';

/** Why a connection is over. */
export interface CloseReason {
  /** Who ended it. A connection that simply broke was ended by the peer. */
  readonly by: 'us' | 'peer';
  /** `connection-closed` where the peer went without a word. */
  readonly name: RpcErrorName;
  /** For a log. */
  readonly message: string;
}

/** Handlers that both ends have. */
export interface WireHandlers {
  /** Answers what the peer wants to paste. */
  'selection.request': ContentHandler;
  /** The connection is over; called once. Open transfers and calls have failed already. */
  closed?(reason: CloseReason): void;
  /** A handler of ours failed with something that is not an RpcError; for the log. The peer was told `internal`. */
  internalError?(error: unknown, where: string): void;
}

/** Handlers of the notifications that come in. They are called in the order of the stream, before anything that follows is looked at. */
export type NotificationHandlers<In extends Contract> = {
  [M in Exclude<NotificationName<In>, WireMethod>]: (params: Params<In, M>) => void;
};

/** Settings of a wire; each has a default in `limits.ts`. */
export interface WireOptions {
  readonly timers?: Timers;
  readonly jsonFrameBytesMax?: number;
  readonly openTransfersMax?: number;
  readonly pendingCallsMax?: number;
  readonly sendStallTimeoutMs?: number;
  /** Bytes queued for the socket past which the peer counts as one that does not read. */
  readonly outgoingBytesMax?: number;
}

/** How a call is made. */
export interface WireCallOptions {
  readonly timeoutMs?: number;
  readonly signal?: CancelSignal;
}
