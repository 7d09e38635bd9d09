import { MESSAGE_HEADER_SIZE, MessageType } from '../constants.ts';

/**
 * The largest body of the small messages: announcements, grabs, requests, releases and the like. The largest sensible one is
 * below 100 bytes; this leaves room for 1,000 capability words.
 */
export const MAX_CONTROL_MESSAGE_SIZE = 4096;

/**
 * The largest body of the messages that are handed on as they came. The largest in use is FILE_XFER_DATA, for which
 * spice-gtk reads 64 KiB of the file at a time.
 */
export const MAX_OTHER_MESSAGE_SIZE = 256 * 1024;

/** The largest CLIPBOARD body that is collected whole, where it is not streamed: QEMU's own bound for what it sends. */
export const MAX_COLLECTED_CLIPBOARD_SIZE = 1024 * 1024;

/** The largest body of a streamed message. Streaming allocates nothing; what the receiver does with it has limits of its own. */
export const DEFAULT_MAX_STREAMED_SIZE = 1024 * 1024 * 1024;

/**
 * The largest chunk payload that a reader takes: a whole message of the largest size. Most senders keep to 2048
 * (`VD_AGENT_MAX_DATA_SIZE`), but spice-vdagentd 0.22.1 sends a message of any size as one chunk, and QEMU's side takes any.
 * A reader allocates nothing for a chunk, so this only tells framing from nonsense.
 */
export const DEFAULT_MAX_CHUNK_SIZE = MESSAGE_HEADER_SIZE + DEFAULT_MAX_STREAMED_SIZE;

/** The largest body, in bytes, that is collected for a message type where the reader's options say nothing else. */
export function defaultMaxMessageSize(type: number): number {
  switch (type) {
    case MessageType.CLIPBOARD:
      return MAX_COLLECTED_CLIPBOARD_SIZE;
    case MessageType.MOUSE_STATE:
    case MessageType.REPLY:
    case MessageType.DISPLAY_CONFIG:
    case MessageType.ANNOUNCE_CAPABILITIES:
    case MessageType.CLIPBOARD_GRAB:
    case MessageType.CLIPBOARD_REQUEST:
    case MessageType.CLIPBOARD_RELEASE:
    case MessageType.CLIENT_DISCONNECTED:
    case MessageType.MAX_CLIPBOARD:
      return MAX_CONTROL_MESSAGE_SIZE;
    default:
      return MAX_OTHER_MESSAGE_SIZE;
  }
}
