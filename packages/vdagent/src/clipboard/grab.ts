import { isUint32, readUint32, writeUint32 } from '../bytes.ts';
import { type ClipboardSelection, MAX_GRAB_TYPES } from '../constants.ts';
import { VdAgentError, type VdAgentErrorContext, VdAgentUsageError } from '../errors.ts';
import type { ClipboardFormat } from './format.ts';
import { readSelection, selectionPrefixSize, writeSelection } from './selection.ts';

/** `VDAgentClipboardGrab`: the sender owns a selection and can deliver these types. */
export interface ClipboardGrab {
  readonly selection: ClipboardSelection;
  /** Present exactly if the format has GRAB_SERIAL. */
  readonly serial?: number;
  /** `ClipboardType` numbers, as they came; unknown ones are kept. May be empty. */
  readonly types: readonly number[];
}

/** Reads a grab's body. Throws {@link VdAgentError}. */
export function decodeGrab(body: Uint8Array, format: ClipboardFormat, context: VdAgentErrorContext): ClipboardGrab {
  const selection = readSelection(body, format, context);
  let offset = selectionPrefixSize(format);
  let serial: number | undefined;
  if (format.grabSerial) {
    if (body.length < offset + 4) {
      throw new VdAgentError('grab-truncated', `a grab of ${body.length} bytes has no serial`, context);
    }
    serial = readUint32(body, offset);
    offset += 4;
  }
  if ((body.length - offset) % 4 !== 0) {
    throw new VdAgentError('grab-odd-length', `a grab of ${body.length} bytes holds no whole number of types`, context);
  }
  const types: number[] = [];
  for (; offset < body.length; offset += 4) types.push(readUint32(body, offset));
  return serial === undefined ? { selection, types } : { selection, serial, types };
}

/** A grab's body. Throws {@link VdAgentUsageError} if the format wants a serial and there is none, or for too many types. */
export function encodeGrab(grab: ClipboardGrab, format: ClipboardFormat): Uint8Array {
  if (grab.types.length > MAX_GRAB_TYPES) {
    throw new VdAgentUsageError(
      'too-many-grab-types',
      `a grab of ${grab.types.length} types: the limit is ${MAX_GRAB_TYPES}`,
    );
  }
  let offset = selectionPrefixSize(format);
  const body = new Uint8Array(offset + (format.grabSerial ? 4 : 0) + grab.types.length * 4);
  writeSelection(body, grab.selection, format);
  if (format.grabSerial) {
    if (grab.serial === undefined || !isUint32(grab.serial)) {
      throw new VdAgentUsageError('serial-missing', 'with GRAB_SERIAL a grab needs a serial');
    }
    writeUint32(body, offset, grab.serial);
    offset += 4;
  }
  for (const type of grab.types) {
    writeUint32(body, offset, type);
    offset += 4;
  }
  return body;
}
