/**
 * The contract of the control socket between clipmuxctl, or any script, and clipmuxd; `docs/protocol-control.md` is its description.
 */
export { decodeBase64, encodeBase64 } from './base64.ts';
export { type ControlCallOptions, ControlClient, type ControlClientOptions } from './client.ts';
export {
  CONTROL_EVENT_KINDS,
  type ControlEvent,
  type ControlEventKind,
  type ControlHappening,
  knownEvent,
  type UnknownEvent,
} from './events.ts';
export * from './limits.ts';
export {
  CONTROL_METHODS,
  CONTROL_NOTIFICATIONS,
  type ControlMethod,
  type ControlMethods,
  type ControlParams,
  type ControlResult,
  type SentControlParams,
} from './methods.ts';
export {
  type HostCallQuestion,
  PROGRAM_METHODS,
  parseHostCall,
  parseHostReturn,
  parseServe,
  parseServedCall,
  parseServedCancel,
  parseServedReturn,
  programSocketPath,
  type ServedCall,
  type ServeRequest,
} from './program-socket.ts';
export type {
  DirectionName,
  Eligible,
  EligibleReason,
  LoginSession as ControlLoginSession,
  Owner as ControlOwner,
  SelectionContent,
  SessionEntry,
  Status,
} from './status.ts';
export { ControlWire, type ControlWireOptions } from './wire.ts';
