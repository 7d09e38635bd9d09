import type { ClipboardSelection } from '../constants.ts';
import { VdAgentError, type VdAgentErrorContext } from '../errors.ts';
import type { ClipboardFormat } from './format.ts';
import { checkSelection, readSelection, selectionPrefixSize, writeSelection } from './selection.ts';

/** `VDAgentClipboardRelease`: the sender no longer owns a selection. */
export interface ClipboardRelease {
  readonly selection: ClipboardSelection;
}

/**
 * Reads a release's body. Throws {@link VdAgentError}.
 * With SELECTION a body of 1 byte is taken too: spice-vdagentd sends the selection without its padding when its session
 * agent goes away.
 */
export function decodeRelease(
  body: Uint8Array,
  format: ClipboardFormat,
  context: VdAgentErrorContext,
): ClipboardRelease {
  if (format.selection && body.length === 1) return { selection: checkSelection(body[0] as number, context) };
  const selection = readSelection(body, format, context);
  if (body.length !== selectionPrefixSize(format)) {
    throw new VdAgentError(
      'release-odd-length',
      `a release of ${body.length} bytes is longer than its selection`,
      context,
    );
  }
  return { selection };
}

/** A release's body. */
export function encodeRelease(release: ClipboardRelease, format: ClipboardFormat): Uint8Array {
  const body = new Uint8Array(selectionPrefixSize(format));
  writeSelection(body, release.selection, format);
  return body;
}
