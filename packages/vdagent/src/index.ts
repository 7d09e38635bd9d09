/**
 * The vdagent protocol as a pure codec, for both roles (guest and host): bytes in, messages out. No I/O, no timers.
 * Types of content are vdagent's numbers here; MIME types are the business of those who use it.
 */
export { CapabilitySet } from './capabilities.ts';
export {
  type ClipboardData,
  type ClipboardDataHead,
  ClipboardDataPrefix,
  ClipboardDataWriter,
  clipboardDataHeadSize,
  frameClipboardData,
} from './clipboard/data.ts';
export { type ClipboardFormat, negotiateClipboardFormat } from './clipboard/format.ts';
export type { ClipboardGrab } from './clipboard/grab.ts';
export type { ClipboardRelease } from './clipboard/release.ts';
export type { ClipboardRequest } from './clipboard/request.ts';
export {
  Capability,
  CHUNK_HEADER_SIZE,
  type ChunkPort,
  ClipboardSelection,
  ClipboardType,
  MAX_GRAB_TYPES,
  MESSAGE_HEADER_SIZE,
  MessageType,
  QEMU_CHUNK_DATA_SIZE,
  VD_AGENT_MAX_DATA_SIZE,
  VD_AGENT_PROTOCOL,
  VDP_CLIENT_PORT,
  VDP_SERVER_PORT,
} from './constants.ts';
export {
  CONSEQUENCES,
  type Consequence,
  VdAgentError,
  type VdAgentErrorCode,
  type VdAgentErrorContext,
  VdAgentUsageError,
  type VdAgentUsageErrorCode,
} from './errors.ts';
export {
  type AnnounceCapabilitiesMessage,
  type ClientDisconnectedMessage,
  type ClipboardDataMessage,
  type ClipboardGrabMessage,
  type ClipboardReleaseMessage,
  type ClipboardRequestMessage,
  decodeMessage,
  type EncodedMessage,
  encodeMessage,
  frameMessage,
  type MaxClipboardMessage,
  type Message,
  type OtherMessage,
} from './message/codec.ts';
export type { MessageHandler } from './message/handler.ts';
export { encodeMessageHeader, type MessageHeader, messageHeader, readMessageHeader } from './message/header.ts';
export {
  DEFAULT_MAX_CHUNK_SIZE,
  DEFAULT_MAX_STREAMED_SIZE,
  defaultMaxMessageSize,
  MAX_COLLECTED_CLIPBOARD_SIZE,
  MAX_CONTROL_MESSAGE_SIZE,
  MAX_OTHER_MESSAGE_SIZE,
} from './message/limits.ts';
export { MessageReader, type MessageReaderOptions } from './message/reader.ts';
export { chunked, DEFAULT_BATCH_SIZE, MessageWriter, type WriterOptions } from './message/writer.ts';
export { capabilityName, clipboardTypeName, messageTypeName, selectionName } from './names.ts';
