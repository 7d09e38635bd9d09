import { SelectionError } from '../errors.ts';
import { latin1ToUtf8, utf8ToLatin1 } from './latin1.ts';

/*
 * COMPOUND_TEXT, "Compound Text Encoding" version 1.1 (X Consortium standard,
 * https://www.x.org/releases/X11R7.7/doc/xorg-docs/ctext/ctext.html): text that starts as Latin-1 and may switch
 * to other character sets by escape sequences. XFree86 added ESC % G … ESC % @ for UTF-8.
 */
const ESC = 0x1b;
const CSI = 0x9b;

/** The escapes that are understood; all others make the text undecodable. */
const ESCAPES: readonly { readonly bytes: readonly number[]; readonly means: 'latin1' | 'utf8' | 'nothing' }[] = [
  { bytes: [ESC, 0x28, 0x42], means: 'nothing' }, // ESC ( B: ASCII to the left, as it is from the start
  { bytes: [ESC, 0x2d, 0x41], means: 'nothing' }, // ESC - A: right half of Latin-1 to the right, likewise
  { bytes: [ESC, 0x25, 0x47], means: 'utf8' }, // ESC % G
  { bytes: [ESC, 0x25, 0x40], means: 'latin1' }, // ESC % @
];

function escapeAt(bytes: Uint8Array, at: number): (typeof ESCAPES)[number] | undefined {
  return ESCAPES.find((known) => known.bytes.every((byte, i) => bytes[at + i] === byte));
}

function undecodable(): SelectionError {
  return new SelectionError(
    'bad-answer',
    'the owner answered with COMPOUND_TEXT in a character set other than Latin-1 and UTF-8',
  );
}

/**
 * COMPOUND_TEXT as UTF-8, where it holds nothing but ASCII, Latin-1 and UTF-8.
 *
 * @throws SelectionError `bad-answer` for any other character set
 */
export function decodeCompoundText(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(ESC) && !bytes.includes(CSI)) return latin1ToUtf8(bytes);
  const parts: Uint8Array[] = [];
  let utf8 = false;
  let start = 0;
  const flush = (end: number) => {
    const part = bytes.subarray(start, end);
    if (!utf8 && part.includes(CSI)) throw undecodable(); // CSI sets a direction of writing
    if (part.length > 0) parts.push(utf8 ? part : latin1ToUtf8(part));
  };
  for (let at = bytes.indexOf(ESC); at !== -1; at = bytes.indexOf(ESC, start)) {
    const found = escapeAt(bytes, at);
    if (found === undefined) throw undecodable();
    flush(at);
    if (found.means !== 'nothing') utf8 = found.means === 'utf8';
    start = at + found.bytes.length;
  }
  flush(bytes.length);
  return Buffer.concat(parts);
}

/** Whether a byte may stand in the Latin-1 part of COMPOUND_TEXT: tab, newline, and no other control character. */
function isPlain(byte: number): boolean {
  return byte === 0x09 || byte === 0x0a || (byte >= 0x20 && byte <= 0x7e) || byte >= 0xa0;
}

/** UTF-8 as COMPOUND_TEXT: as Latin-1 where the text fits, else in one UTF-8 escape. Undefined where it holds ESC. */
export function encodeCompoundText(bytes: Uint8Array): Uint8Array | undefined {
  const latin1 = utf8ToLatin1(bytes);
  if (latin1?.every(isPlain)) return latin1;
  if (bytes.includes(ESC)) return undefined;
  return Buffer.concat([Buffer.from([ESC, 0x25, 0x47]), bytes, Buffer.from([ESC, 0x25, 0x40])]);
}
