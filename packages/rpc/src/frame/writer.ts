import {
  DATA_FRAME_CONTENT_BYTES_MAX,
  FRAME_HEADER_BYTES,
  FRAME_TYPE_DATA,
  FRAME_TYPE_JSON,
  JSON_FRAME_BYTES_MAX,
  TRANSFER_ID_BYTES,
  TRANSFER_ID_MAX,
} from './constants.ts';
import { FrameError } from './errors.ts';

/** Pieces of at least this many bytes go to the socket as they are; smaller ones are copied together, which costs less than a vector each. */
const GATHER_BELOW_BYTES = 16 * 1024;

/**
 * A JSON frame.
 * @throws {FrameError} `frame-too-large` past {@link JSON_FRAME_BYTES_MAX}, `frame-too-short` if empty
 */
export function encodeJsonFrame(json: string): Buffer {
  const length = Buffer.byteLength(json);
  if (length === 0) throw new FrameError('frame-too-short', 'a JSON frame cannot be empty');
  if (length > JSON_FRAME_BYTES_MAX) {
    throw new FrameError('frame-too-large', `JSON frame of ${length} bytes; the limit is ${JSON_FRAME_BYTES_MAX}`);
  }
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + length);
  frame.writeUInt32LE(length, 0);
  frame.writeUInt8(FRAME_TYPE_JSON, 4);
  frame.write(json, FRAME_HEADER_BYTES, 'utf8');
  return frame;
}

/**
 * The JSON frame of {@link encodeJsonFrame} as a string with a character for each byte, to be written as latin1: a socket then needs no buffer for it.
 * Undefined where the JSON is not all ASCII, which our own messages nearly always are, and where there is no such frame.
 */
export function asciiJsonFrame(json: string): string | undefined {
  const length = Buffer.byteLength(json);
  if (length !== json.length || length > JSON_FRAME_BYTES_MAX || length === 0) return undefined;
  return (
    String.fromCharCode(length & 0xff, (length >>> 8) & 0xff, (length >>> 16) & 0xff, length >>> 24, FRAME_TYPE_JSON) +
    json
  );
}

/**
 * A data frame as a list of buffers to be written one after the other. Big pieces are not copied: their memory must stay as it is
 * until it is written.
 * @param pieces content, together 1 to {@link DATA_FRAME_CONTENT_BYTES_MAX} bytes
 * @throws {FrameError} where the content is empty or too large, `RangeError` where the id is no u32
 */
export function encodeDataFrame(transfer: number, pieces: readonly Uint8Array[]): Uint8Array[] {
  const length = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  if (length === 0) throw new FrameError('frame-too-short', 'a data frame cannot be empty');
  if (length > DATA_FRAME_CONTENT_BYTES_MAX) {
    throw new FrameError(
      'frame-too-large',
      `data frame of ${length} bytes; the limit is ${DATA_FRAME_CONTENT_BYTES_MAX}`,
    );
  }
  if (!(transfer >= 0 && transfer <= TRANSFER_ID_MAX)) throw new RangeError(`transfer id ${transfer} is not a u32`);
  const small = pieces.reduce((sum, piece) => sum + (piece.byteLength < GATHER_BELOW_BYTES ? piece.byteLength : 0), 0);
  const gathered = Buffer.allocUnsafe(FRAME_HEADER_BYTES + TRANSFER_ID_BYTES + small);
  gathered.writeUInt32LE(TRANSFER_ID_BYTES + length, 0);
  gathered.writeUInt8(FRAME_TYPE_DATA, 4);
  gathered.writeUInt32LE(transfer, FRAME_HEADER_BYTES);
  const parts: Uint8Array[] = [];
  let start = 0;
  let end = FRAME_HEADER_BYTES + TRANSFER_ID_BYTES;
  for (const piece of pieces) {
    if (piece.byteLength < GATHER_BELOW_BYTES) {
      gathered.set(piece, end);
      end += piece.byteLength;
    } else {
      if (end > start) parts.push(gathered.subarray(start, end));
      start = end;
      parts.push(piece);
    }
  }
  if (end > start) parts.push(gathered.subarray(start, end));
  return parts;
}
