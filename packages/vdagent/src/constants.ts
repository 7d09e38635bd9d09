/**
 * The numbers of the vdagent protocol.
 *
 * Source: `spice/vd_agent.h` (spice-protocol; Debian package `libspice-protocol-dev`),
 * https://gitlab.freedesktop.org/spice/spice-protocol. The keys are the header's names without their prefix.
 * Everything on the wire is little-endian and packed.
 */

/** `VD_AGENT_PROTOCOL`: the only protocol version there is. */
export const VD_AGENT_PROTOCOL = 1;

/**
 * `VD_AGENT_MAX_DATA_SIZE`: the most payload bytes a sender puts into one chunk.
 * spice-server and spice-vdagentd close the port on a larger one.
 */
export const VD_AGENT_MAX_DATA_SIZE = 2048;

/** Payload bytes of a chunk as QEMU's vdagent chardev sends them (`ui/vdagent.c`, `vdagent_send_msg`). */
export const QEMU_CHUNK_DATA_SIZE = 1024;

/** Bytes of `VDIChunkHeader`: `port u32`, `size u32`. */
export const CHUNK_HEADER_SIZE = 8;

/** Bytes of `VDAgentMessage` without its data: `protocol u32`, `type u32`, `opaque u64`, `size u32`. */
export const MESSAGE_HEADER_SIZE = 20;

/** `VDP_CLIENT_PORT`: chunks from and to the client (the viewer, or QEMU in its place). */
export const VDP_CLIENT_PORT = 1;

/** `VDP_SERVER_PORT`: chunks from and to the SPICE server itself. */
export const VDP_SERVER_PORT = 2;

/** The port number in a chunk's header. */
export type ChunkPort = typeof VDP_CLIENT_PORT | typeof VDP_SERVER_PORT;

/** `VD_AGENT_*`: the types of messages. */
export const MessageType = {
  MOUSE_STATE: 1,
  MONITORS_CONFIG: 2,
  REPLY: 3,
  CLIPBOARD: 4,
  DISPLAY_CONFIG: 5,
  ANNOUNCE_CAPABILITIES: 6,
  CLIPBOARD_GRAB: 7,
  CLIPBOARD_REQUEST: 8,
  CLIPBOARD_RELEASE: 9,
  FILE_XFER_START: 10,
  FILE_XFER_STATUS: 11,
  FILE_XFER_DATA: 12,
  CLIENT_DISCONNECTED: 13,
  MAX_CLIPBOARD: 14,
  AUDIO_VOLUME_SYNC: 15,
  GRAPHICS_DEVICE_INFO: 16,
} as const;

/** `VD_AGENT_CAP_*`: bit numbers in the words of an announcement. */
export const Capability = {
  MOUSE_STATE: 0,
  MONITORS_CONFIG: 1,
  REPLY: 2,
  CLIPBOARD: 3,
  DISPLAY_CONFIG: 4,
  CLIPBOARD_BY_DEMAND: 5,
  CLIPBOARD_SELECTION: 6,
  SPARSE_MONITORS_CONFIG: 7,
  GUEST_LINEEND_LF: 8,
  GUEST_LINEEND_CRLF: 9,
  MAX_CLIPBOARD: 10,
  AUDIO_VOLUME_SYNC: 11,
  MONITORS_CONFIG_POSITION: 12,
  FILE_XFER_DISABLED: 13,
  FILE_XFER_DETAILED_ERRORS: 14,
  GRAPHICS_DEVICE_INFO: 15,
  CLIPBOARD_NO_RELEASE_ON_REGRAB: 16,
  CLIPBOARD_GRAB_SERIAL: 17,
} as const;

/** `VD_AGENT_CLIPBOARD_*`: the types of content. */
export const ClipboardType = {
  NONE: 0,
  UTF8_TEXT: 1,
  IMAGE_PNG: 2,
  IMAGE_BMP: 3,
  IMAGE_TIFF: 4,
  IMAGE_JPG: 5,
  FILE_LIST: 6,
} as const;

/** `VD_AGENT_CLIPBOARD_SELECTION_*`: the selections. */
export const ClipboardSelection = {
  CLIPBOARD: 0,
  PRIMARY: 1,
  SECONDARY: 2,
} as const;

/** One of the selections that the protocol knows. */
export type ClipboardSelection = (typeof ClipboardSelection)[keyof typeof ClipboardSelection];

/**
 * The most types that a grab may name: QEMU drops a longer list
 * (`ui/vdagent.c`, `vdagent_clipboard_recv_grab`), and no more than {@link ClipboardType} has are defined.
 */
export const MAX_GRAB_TYPES = 10;
