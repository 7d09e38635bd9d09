import { ClipboardSelection } from '../constants.ts';
import { VdAgentError, type VdAgentErrorContext, VdAgentUsageError } from '../errors.ts';
import { selectionName } from '../names.ts';
import type { ClipboardFormat } from './format.ts';

/** Bytes of `selection u8` and its padding. */
export const SELECTION_PREFIX_SIZE = 4;

/** Bytes of the prefix in this format: 4 or 0. */
export function selectionPrefixSize(format: ClipboardFormat): number {
  return format.selection ? SELECTION_PREFIX_SIZE : 0;
}

/** The selection for a byte off the wire. Throws {@link VdAgentError} `unknown-selection`. */
export function checkSelection(value: number, context: VdAgentErrorContext): ClipboardSelection {
  switch (value) {
    case ClipboardSelection.CLIPBOARD:
    case ClipboardSelection.PRIMARY:
    case ClipboardSelection.SECONDARY:
      return value;
    default:
      throw new VdAgentError('unknown-selection', `selection ${value}: only 0, 1 and 2 exist`, context);
  }
}

/** Reads the prefix; without SELECTION it is CLIPBOARD. Throws {@link VdAgentError}. The padding is not looked at. */
export function readSelection(
  body: Uint8Array,
  format: ClipboardFormat,
  context: VdAgentErrorContext,
): ClipboardSelection {
  if (!format.selection) return ClipboardSelection.CLIPBOARD;
  if (body.length < SELECTION_PREFIX_SIZE) {
    throw new VdAgentError(
      'selection-truncated',
      `a clipboard message of ${body.length} bytes names no selection`,
      context,
    );
  }
  return checkSelection(body[0] as number, context);
}

/** Writes the prefix into the zeroed beginning of `body`. */
export function writeSelection(body: Uint8Array, selection: ClipboardSelection, format: ClipboardFormat): void {
  if (format.selection) body[0] = selection;
  else if (selection !== ClipboardSelection.CLIPBOARD) {
    throw new VdAgentUsageError(
      'selection-not-negotiated',
      `the peer has no SELECTION: ${selectionName(selection)} can't be named to it`,
    );
  }
}
