/** The session contract between an agent (clipmux-session) and clipmuxd; `docs/protocol.md` is its description. */
export { type AgentHandlers, type AgentIdentity, AgentWire, type HelloAnswer } from './agent-wire.ts';
export {
  type DaemonHandlers,
  DaemonWire,
  type DaemonWireOptions,
  type HelloDecision,
  type HelloParams,
} from './daemon-wire.ts';
export { SELECTIONS, type Selection } from './fields.ts';
export { jsonProblem } from './json-bounds.ts';
export * from './limits.ts';
export { isReservedMethod, METHOD_NAME, METHOD_NAME_WORDS, RESERVED_METHODS_WORDS } from './method-names.ts';
export {
  AGENT_TO_DAEMON,
  type AgentToDaemon,
  type CallName,
  type CallSpec,
  type Contract,
  DAEMON_TO_AGENT,
  type DaemonToAgent,
  type NotificationName,
  type NotificationSpec,
  type Params,
  parseFields,
  type Result,
  type SentParams,
} from './methods.ts';
export type { SessionCall, SessionCallHandler } from './session-calls.ts';
export type { ContentRequest, IncomingContent, IncomingPieces, RequestOptions } from './transfer/incoming.ts';
export type { ContentAnswer, ContentHandler, ContentQuestion } from './transfer/outgoing.ts';
export { PieceQueue, type PieceQueueOptions } from './transfer/piece-queue.ts';
export { type PieceSource, sourceOf } from './transfer/source.ts';
export { SessionWire } from './wire.ts';
export type { CloseReason, NotificationHandlers, WireCallOptions, WireHandlers, WireOptions } from './wire-types.ts';
