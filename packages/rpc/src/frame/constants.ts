/**
 * The layout and the limits of frames, the unit of every stream that carries bulk data beside JSON-RPC.
 * `docs/protocol.md` ("Frames") is the description for other languages.
 */

/** Bytes of the header of a frame: `u32 LE` length of the payload, `u8` type. */
export const FRAME_HEADER_BYTES = 5;

/** Payload: one JSON-RPC 2.0 object in UTF-8. */
export const FRAME_TYPE_JSON = 0;

/** Payload: `u32 LE` transfer id, then at least one byte of the transfer's content. */
export const FRAME_TYPE_DATA = 1;

/** Bytes of the transfer id at the start of a data frame's payload. */
export const TRANSFER_ID_BYTES = 4;

/** Bytes of content in one data frame at most: big enough that a frame's overhead vanishes, small enough that transfers interleave. */
export const DATA_FRAME_CONTENT_BYTES_MAX = 256 * 1024;

/** Payload of a data frame at most, in bytes: the id and the content. */
export const DATA_FRAME_BYTES_MAX = TRANSFER_ID_BYTES + DATA_FRAME_CONTENT_BYTES_MAX;

/** Payload of a JSON frame at most, in bytes; a reader may be set lower. Content never travels in JSON, so a call is far smaller. */
export const JSON_FRAME_BYTES_MAX = 1024 * 1024;

/** Greatest transfer id: ids are unsigned 32-bit numbers. */
export const TRANSFER_ID_MAX = 0xffff_ffff;
