/** JSON-RPC 2.0 on any transport of whole messages, with the messages of the library `json-rpc-2.0`. */
export { Cancellation, type CancelSignal } from './cancellation.ts';
export {
  CONTROL_ERROR_CODE_MIN,
  ERROR_DETAILS_MAX,
  ERROR_MESSAGE_CHARACTERS_MAX,
  RPC_ERROR_CODES,
  RpcError,
  type RpcErrorName,
  rpcErrorName,
  rpcErrorOfSignal,
  type WireError,
} from './errors.ts';
export {
  CALL_TIMEOUT_MS,
  type CallContext,
  type CallOptions,
  PENDING_CALLS_MAX,
  type PeerMethod,
  RpcPeer,
  type RpcPeerOptions,
} from './peer.ts';
export { RetryDelays } from './retry-delays.ts';
export { SHARED_TIMERS, SharedTimers, type SystemTimer, type SystemTimers } from './shared-timers.ts';
export { NODE_TIMERS, type TimerHandle, type Timers } from './timers.ts';
