/** The host's end of the vdagent port, as a library: what QEMU's vdagent chardev or a SPICE client does, over any stream. */
export { RawJson } from '@clipmux/guest-agent';
export {
  type Caller,
  type CallHandler,
  type GuestNews,
  HostCallServer,
  type HostCallServerEvents,
} from './calls/call-server.ts';
export { CONTENT_PIECE_SIZE, type Content } from './endpoint/content.ts';
export type {
  CapabilitiesEvent,
  DataEvent,
  DisconnectedEvent,
  DroppedEvent,
  GrabbedEvent,
  GrabDiscardedEvent,
  HostEvents,
  OtherMessageEvent,
  ProtocolErrorEvent,
  RequestedEvent,
  SelectionEvent,
  ServedEvent,
  Timed,
} from './endpoint/events.ts';
export type { HostFaults, RequestTreatment } from './endpoint/faults.ts';
export { HostEndpoint } from './endpoint/host-endpoint.ts';
export {
  type Announce,
  DEFAULT_MAX_PASTE_SIZE,
  type HostOptions,
  type Manner,
  QEMU_OUTPUT_LIMIT,
} from './endpoint/options.ts';
export type { PasteOptions } from './endpoint/pastes.ts';
export { GuestCommandError, HostError, type HostErrorCode } from './errors.ts';
export {
  GuestAgentClient,
  type GuestAgentClientOptions,
  type SessionCallAnswer,
  type SessionCallOptions,
  type Targets,
  type Where,
} from './guest-agent/client.ts';
export { DEFAULT_ANSWER_TIMEOUT_MS } from './guest-agent/limits.ts';
export type { Returned } from './guest-agent/read-answer.ts';
export type { ListedSession, SessionList } from './guest-agent/read-answers.ts';
export { clipboardTypeOf, MIME_TYPES, mimeTypeOf, SELECTION_NAMES, type SelectionName, TEXT_TYPE } from './mime.ts';
export { connect, type HostConnector } from './socket/connect.ts';
export { DEFAULT_SOCKET_MODE, type HostListener, listen } from './socket/listen.ts';
export type { SocketUser } from './socket/socket-user.ts';
