import { ClipboardSelection, ClipboardType } from '@clipmux/vdagent';

/** The selections by the names that clipmux uses on its interfaces. SECONDARY, which nobody uses, has none. */
export type SelectionName = 'clipboard' | 'primary';

/** Both selections. */
export const SELECTION_NAMES: readonly SelectionName[] = ['clipboard', 'primary'];

/** The MIME type of text on every interface of clipmux. */
export const TEXT_TYPE = 'text/plain;charset=utf-8';

/** MIME types and vdagent's numbers. FILE_LIST has no MIME type here: its paths mean nothing without the webdav share. */
const TYPES: readonly (readonly [mimeType: string, clipboardType: number])[] = [
  [TEXT_TYPE, ClipboardType.UTF8_TEXT],
  ['image/png', ClipboardType.IMAGE_PNG],
  ['image/bmp', ClipboardType.IMAGE_BMP],
  ['image/tiff', ClipboardType.IMAGE_TIFF],
  ['image/jpeg', ClipboardType.IMAGE_JPG],
];

/** Every MIME type that can cross. */
export const MIME_TYPES: readonly string[] = TYPES.map(([mimeType]) => mimeType);

/** vdagent's number for a MIME type; undefined if it can't cross. */
export function clipboardTypeOf(mimeType: string): number | undefined {
  return TYPES.find(([each]) => each === mimeType)?.[1];
}

/** The MIME type for vdagent's number; undefined for NONE, FILE_LIST and unknown numbers. */
export function mimeTypeOf(clipboardType: number): string | undefined {
  return TYPES.find(([, each]) => each === clipboardType)?.[0];
}

/** vdagent's number for a selection. */
export function selectionNumber(selection: SelectionName): ClipboardSelection {
  return selection === 'clipboard' ? ClipboardSelection.CLIPBOARD : ClipboardSelection.PRIMARY;
}

/** The selection for vdagent's number; undefined for SECONDARY. */
export function selectionOf(selection: ClipboardSelection): SelectionName | undefined {
  switch (selection) {
    case ClipboardSelection.CLIPBOARD:
      return 'clipboard';
    case ClipboardSelection.PRIMARY:
      return 'primary';
    case ClipboardSelection.SECONDARY:
      return undefined;
  }
}
