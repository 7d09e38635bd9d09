import { ClipboardSelection, ClipboardType } from '@clipmux/vdagent';
import type { Selection } from '../arbiter/index.ts';

/** MIME type of text on every wire of ours; always UTF-8 with LF as it was copied. */
export const TEXT_MIME = 'text/plain;charset=utf-8';

/** The types that both vdagent and clipmux know, in the order in which they are offered. The one place that maps them. */
const PAIRS: readonly (readonly [clipboardType: number, mime: string])[] = [
  [ClipboardType.UTF8_TEXT, TEXT_MIME],
  [ClipboardType.IMAGE_PNG, 'image/png'],
  [ClipboardType.IMAGE_BMP, 'image/bmp'],
  [ClipboardType.IMAGE_TIFF, 'image/tiff'],
  [ClipboardType.IMAGE_JPG, 'image/jpeg'],
];

const MIME_OF = new Map(PAIRS);
const CLIPBOARD_TYPE_OF = new Map(PAIRS.map(([clipboardType, mime]) => [mime, clipboardType]));

/** The MIME type for vdagent's number; undefined for what we cannot serve (FILE_LIST, unknown numbers). */
export function mimeOf(clipboardType: number): string | undefined {
  return MIME_OF.get(clipboardType);
}

/** vdagent's number for a MIME type; undefined for what vdagent has no number for. */
export function clipboardTypeOf(mime: string): number | undefined {
  return CLIPBOARD_TYPE_OF.get(mime);
}

/** Those of vdagent's numbers that we can serve, as MIME types, in their order. */
export function mimesOf(clipboardTypes: readonly number[]): string[] {
  return clipboardTypes.map(mimeOf).filter((mime) => mime !== undefined);
}

/** Those MIME types that vdagent can carry, as its numbers, text first. */
export function clipboardTypesOf(mimes: readonly string[]): number[] {
  return PAIRS.filter(([, mime]) => mimes.includes(mime)).map(([clipboardType]) => clipboardType);
}

/** Our name for vdagent's selection; undefined for SECONDARY, which takes no part. */
export function selectionOf(number: ClipboardSelection): Selection | undefined {
  switch (number) {
    case ClipboardSelection.CLIPBOARD:
      return 'clipboard';
    case ClipboardSelection.PRIMARY:
      return 'primary';
    case ClipboardSelection.SECONDARY:
      return undefined;
  }
}

/** vdagent's number for our selection. */
export function selectionNumber(selection: Selection): ClipboardSelection {
  return selection === 'clipboard' ? ClipboardSelection.CLIPBOARD : ClipboardSelection.PRIMARY;
}
