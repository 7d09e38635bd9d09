import { readUint32, writeUint32 } from '../bytes.ts';
import { CapabilitySet } from '../capabilities.ts';
import { type ClipboardData, decodeData, encodeDataHead } from '../clipboard/data.ts';
import type { ClipboardFormat } from '../clipboard/format.ts';
import { type ClipboardGrab, decodeGrab, encodeGrab } from '../clipboard/grab.ts';
import { type ClipboardRelease, decodeRelease, encodeRelease } from '../clipboard/release.ts';
import { type ClipboardRequest, decodeRequest, encodeRequest } from '../clipboard/request.ts';
import { type ChunkPort, MessageType } from '../constants.ts';
import { VdAgentError, type VdAgentErrorContext, VdAgentUsageError } from '../errors.ts';
import { messageTypeName } from '../names.ts';
import { type MessageHeader, messageHeader } from './header.ts';
import { chunked, type WriterOptions } from './writer.ts';

/** `VDAgentAnnounceCapabilities`. */
export interface AnnounceCapabilitiesMessage {
  readonly type: 'announce-capabilities';
  /** Whether the peer is asked to answer with its own. */
  readonly request: boolean;
  readonly capabilities: CapabilitySet;
}

/** A `VDAgentClipboardGrab`. */
export interface ClipboardGrabMessage extends ClipboardGrab {
  readonly type: 'clipboard-grab';
}

/** A `VDAgentClipboardRequest`. */
export interface ClipboardRequestMessage extends ClipboardRequest {
  readonly type: 'clipboard-request';
}

/** A `VDAgentClipboard`. */
export interface ClipboardDataMessage extends ClipboardData {
  readonly type: 'clipboard';
}

/** A `VDAgentClipboardRelease`. */
export interface ClipboardReleaseMessage extends ClipboardRelease {
  readonly type: 'clipboard-release';
}

/** `VDAgentMaxClipboard`: the largest content that the sender will take. */
export interface MaxClipboardMessage {
  readonly type: 'max-clipboard';
  /** Bytes; -1 for no limit (`i32`). */
  readonly max: number;
}

/** The SPICE client is gone, and what it owned with it. Has no body; one that comes is not looked at. */
export interface ClientDisconnectedMessage {
  readonly type: 'client-disconnected';
}

/** A message that is not of the clipboard, or that the header file lacks: handed on as it came. */
export interface OtherMessage {
  readonly type: 'other';
  /** The name for traces: `mouse-state`, `unknown-99`. */
  readonly name: string;
  readonly header: MessageHeader;
  readonly body: Uint8Array;
}

/** Any message, by its name. */
export type Message =
  | AnnounceCapabilitiesMessage
  | ClipboardGrabMessage
  | ClipboardRequestMessage
  | ClipboardDataMessage
  | ClipboardReleaseMessage
  | MaxClipboardMessage
  | ClientDisconnectedMessage
  | OtherMessage;

/** A message ready for {@link chunked}. */
export interface EncodedMessage {
  readonly header: MessageHeader;
  /** The body, in order; content is not copied. */
  readonly body: readonly Uint8Array[];
}

/** Reads a message. Throws {@link VdAgentError}, always with the consequence `skip-message`. Content is a view of `body`. */
export function decodeMessage(
  header: MessageHeader,
  body: Uint8Array,
  format: ClipboardFormat,
  chunkPort?: ChunkPort,
): Message {
  const context: VdAgentErrorContext = chunkPort === undefined ? { header } : { chunkPort, header };
  switch (header.type) {
    case MessageType.ANNOUNCE_CAPABILITIES:
      return decodeAnnouncement(body, context);
    case MessageType.CLIPBOARD_GRAB:
      return { type: 'clipboard-grab', ...decodeGrab(body, format, context) };
    case MessageType.CLIPBOARD_REQUEST:
      return { type: 'clipboard-request', ...decodeRequest(body, format, context) };
    case MessageType.CLIPBOARD:
      return { type: 'clipboard', ...decodeData(body, format, context) };
    case MessageType.CLIPBOARD_RELEASE:
      return { type: 'clipboard-release', ...decodeRelease(body, format, context) };
    case MessageType.MAX_CLIPBOARD:
      if (body.length !== 4) {
        throw new VdAgentError('max-clipboard-bad-length', `a max-clipboard of ${body.length} bytes, not 4`, context);
      }
      return { type: 'max-clipboard', max: readUint32(body, 0) | 0 };
    case MessageType.CLIENT_DISCONNECTED:
      return { type: 'client-disconnected' };
    default:
      return { type: 'other', name: messageTypeName(header.type), header, body };
  }
}

/** Turns a message into header and body. Throws {@link VdAgentUsageError} if the format can't express it. */
export function encodeMessage(message: Message, format: ClipboardFormat): EncodedMessage {
  switch (message.type) {
    case 'announce-capabilities':
      return encoded(MessageType.ANNOUNCE_CAPABILITIES, [
        uint32Bytes(message.request ? 1 : 0),
        message.capabilities.encode(),
      ]);
    case 'clipboard-grab':
      return encoded(MessageType.CLIPBOARD_GRAB, [encodeGrab(message, format)]);
    case 'clipboard-request':
      return encoded(MessageType.CLIPBOARD_REQUEST, [encodeRequest(message, format)]);
    case 'clipboard':
      return encoded(MessageType.CLIPBOARD, [encodeDataHead(message, format), message.data]);
    case 'clipboard-release':
      return encoded(MessageType.CLIPBOARD_RELEASE, [encodeRelease(message, format)]);
    case 'max-clipboard':
      if (!Number.isInteger(message.max) || (message.max | 0) !== message.max) {
        throw new VdAgentUsageError('value-out-of-range', `max-clipboard takes an i32, not ${message.max}`);
      }
      return encoded(MessageType.MAX_CLIPBOARD, [uint32Bytes(message.max)]);
    case 'client-disconnected':
      return encoded(MessageType.CLIENT_DISCONNECTED, []);
    case 'other':
      return { header: message.header, body: [message.body] };
  }
}

/** A message as it goes on the wire: {@link encodeMessage}, then {@link chunked}. */
export function frameMessage(
  chunkPort: ChunkPort,
  message: Message,
  format: ClipboardFormat,
  options: WriterOptions = {},
): Uint8Array[] {
  const { header, body } = encodeMessage(message, format);
  return chunked(chunkPort, header, body, options);
}

function decodeAnnouncement(body: Uint8Array, context: VdAgentErrorContext): AnnounceCapabilitiesMessage {
  if (body.length < 4) {
    throw new VdAgentError('capabilities-truncated', `an announcement of ${body.length} bytes: less than 4`, context);
  }
  if (body.length % 4 !== 0) {
    throw new VdAgentError(
      'capabilities-odd-length',
      `an announcement of ${body.length} bytes holds no whole number of words`,
      context,
    );
  }
  return {
    type: 'announce-capabilities',
    request: readUint32(body, 0) !== 0,
    capabilities: CapabilitySet.decode(body.subarray(4)),
  };
}

function encoded(type: number, body: readonly Uint8Array[]): EncodedMessage {
  let size = 0;
  for (const piece of body) size += piece.length;
  return { header: messageHeader(type, size), body };
}

function uint32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeUint32(bytes, 0, value);
  return bytes;
}
