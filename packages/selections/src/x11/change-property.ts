import { X_ChangeProperty } from './protocol.ts';

/** Largest value of a request's length field, in units of four bytes; beyond it the BIG-REQUESTS form is used. */
const MAX_SHORT_LENGTH = 0xffff;
/** Bytes of a ChangeProperty request beside its data, in the BIG-REQUESTS form. */
export const CHANGE_PROPERTY_OVERHEAD = 28;

/**
 * A ChangeProperty request (X Window System Protocol, "ChangeProperty"; "Big Requests Extension") as the pieces to
 * write one after the other, so that the data is not copied. The library's own throws past 262,116 bytes.
 *
 * @param format bits of one element; the data must be whole elements
 */
export function packChangeProperty(
  mode: number,
  window: number,
  property: number,
  type: number,
  format: 8 | 32,
  data: Uint8Array,
): Buffer[] {
  const padding = -data.length & 3;
  const units = 6 + (data.length + padding) / 4;
  const big = units > MAX_SHORT_LENGTH;
  const header = Buffer.alloc(big ? 28 : 24);
  header.writeUInt8(X_ChangeProperty, 0);
  header.writeUInt8(mode, 1);
  if (big) header.writeUInt32LE(units + 1, 4);
  else header.writeUInt16LE(units, 2);
  let at = big ? 8 : 4;
  at = header.writeUInt32LE(window, at);
  at = header.writeUInt32LE(property, at);
  at = header.writeUInt32LE(type, at);
  at = header.writeUInt8(format, at);
  header.writeUInt32LE(data.length / (format / 8), at + 3);
  const pieces: Buffer[] = [header];
  if (data.length > 0) pieces.push(Buffer.from(data.buffer, data.byteOffset, data.length));
  if (padding > 0) pieces.push(Buffer.alloc(padding));
  return pieces;
}

/** A SelectionNotify event in its 32 bytes, for SendEvent (X Window System Protocol, "SelectionNotify"). */
export function packSelectionNotify(
  time: number,
  requestor: number,
  selection: number,
  target: number,
  property: number,
): Buffer {
  const event = Buffer.alloc(32);
  event.writeUInt8(31, 0);
  let at = 4;
  for (const field of [time, requestor, selection, target, property]) at = event.writeUInt32LE(field, at);
  return event;
}
