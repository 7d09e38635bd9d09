import { readUint32, writeUint32 } from '../bytes.ts';
import type { ClipboardSelection } from '../constants.ts';
import { VdAgentError, type VdAgentErrorContext } from '../errors.ts';
import type { ClipboardFormat } from './format.ts';
import { readSelection, selectionPrefixSize, writeSelection } from './selection.ts';

/** `VDAgentClipboardRequest`: the sender wants a selection's content in this type. */
export interface ClipboardRequest {
  readonly selection: ClipboardSelection;
  /** A `ClipboardType` number, as it came. */
  readonly clipboardType: number;
}

/** Reads a request's body. Throws {@link VdAgentError}. */
export function decodeRequest(
  body: Uint8Array,
  format: ClipboardFormat,
  context: VdAgentErrorContext,
): ClipboardRequest {
  const selection = readSelection(body, format, context);
  const offset = selectionPrefixSize(format);
  if (body.length < offset + 4) {
    throw new VdAgentError('request-truncated', `a request of ${body.length} bytes names no type`, context);
  }
  if (body.length > offset + 4) {
    throw new VdAgentError(
      'request-odd-length',
      `a request of ${body.length} bytes is longer than its one type`,
      context,
    );
  }
  return { selection, clipboardType: readUint32(body, offset) };
}

/** A request's body. */
export function encodeRequest(request: ClipboardRequest, format: ClipboardFormat): Uint8Array {
  const offset = selectionPrefixSize(format);
  const body = new Uint8Array(offset + 4);
  writeSelection(body, request.selection, format);
  writeUint32(body, offset, request.clipboardType);
  return body;
}
