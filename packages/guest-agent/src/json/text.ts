import { Character } from './characters.ts';

/** Why a string's token is none. */
export type TextError = { readonly message: string };

/** What the characters after a backslash stand for, but for `u`. */
const ESCAPES: Readonly<Record<number, string>> = {
  34: '"',
  39: "'",
  92: '\\',
  47: '/',
  98: '\b',
  102: '\f',
  110: '\n',
  114: '\r',
  116: '\t',
};

/**
 * The text of a string's token, quotes included. UTF-8 must be right, with one exception that QEMU makes ("modified UTF-8"): C0 80 is NUL.
 * What Unicode calls noncharacters is refused, as QEMU refuses it.
 */
export function decodeText(token: Buffer): string | TextError {
  const end = token.length - 1;
  const plain = plainUntil(token, 1, end);
  if (plain === end) return token.toString('latin1', 1, end);
  let text = token.toString('latin1', 1, plain);
  for (let at = plain; at < end; ) {
    const byte = token[at] as number;
    if (byte === Character.BACKSLASH) {
      const escaped = readEscape(token, at);
      if ('message' in escaped) return escaped;
      text += escaped.text;
      at = escaped.end;
    } else if (byte < 0x80) {
      const next = plainUntil(token, at, end);
      text += token.toString('latin1', at, next);
      at = next;
    } else {
      const character = readCharacter(token, at, end);
      if (character === undefined) return { message: 'invalid UTF-8 sequence in string' };
      text += String.fromCodePoint(character.code);
      at = character.end;
    }
  }
  return text;
}

/** Where the first byte is that is not ASCII, or a backslash. */
function plainUntil(token: Buffer, from: number, end: number): number {
  let at = from;
  const backslash = Character.BACKSLASH;
  while (at < end) {
    const byte = token[at] as number;
    if (byte >= 0x80 || byte === backslash) break;
    at += 1;
  }
  return at;
}

function readEscape(token: Buffer, start: number): { readonly text: string; readonly end: number } | TextError {
  const kind = token[start + 1] as number;
  if (kind !== Character.LOWER_U) {
    const text = ESCAPES[kind];
    return text === undefined ? { message: 'invalid escape sequence in string' } : { text, end: start + 2 };
  }
  const lead = readHex(token, start);
  if (!isLeadSurrogate(lead)) return checked(token, start, start + 6, lead);
  if (token[start + 6] !== Character.BACKSLASH || token[start + 7] !== Character.LOWER_U) {
    return checked(token, start, start + 6, undefined);
  }
  const trail = readHex(token, start + 6);
  if (trail === undefined || trail < 0xdc00 || trail > 0xdfff) return checked(token, start, start + 6, undefined);
  return checked(token, start, start + 12, 0x10000 + ((lead & 0x3ff) << 10) + (trail & 0x3ff));
}

function checked(token: Buffer, start: number, end: number, code: number | undefined) {
  if (code !== undefined && isCharacter(code)) return { text: String.fromCodePoint(code), end };
  return { message: `${displayText(token.subarray(start, end))} is not a valid Unicode character` };
}

/** The four digits of the escape that begins there. */
function readHex(token: Buffer, start: number): number | undefined {
  const digits = token.toString('latin1', start + 2, start + 6);
  return /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : undefined;
}

/** Least code that a sequence of so many bytes may stand for; shorter ones are not to be written longer. */
const LEAST_CODES = [0, 0, 0x80, 0x800, 0x10000] as const;

function readCharacter(
  token: Buffer,
  at: number,
  end: number,
): { readonly code: number; readonly end: number } | undefined {
  const first = token[at] as number;
  if (first < 0x80) return { code: first, end: at + 1 };
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc0 || first >= 0xf8 || at + size > end) return undefined;
  let code = first & (0x7f >> size);
  for (let index = at + 1; index < at + size; index += 1) {
    const byte = token[index] as number;
    if ((byte & 0xc0) !== 0x80) return undefined;
    code = (code << 6) | (byte & 0x3f);
  }
  const isModifiedNul = size === 2 && code === 0;
  const least = LEAST_CODES[size] ?? 0;
  if ((code < least && !isModifiedNul) || !isCharacter(code)) return undefined;
  return { code, end: at + size };
}

function isLeadSurrogate(code: number | undefined): code is number {
  return code !== undefined && code >= 0xd800 && code <= 0xdbff;
}

/** Whether Unicode has a character of that code: no surrogate, no noncharacter (Unicode 23.7). */
export function isCharacter(code: number): boolean {
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
  return !((code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe);
}

/** Stands for what is no character. */
export const REPLACEMENT = '\ufffd';

/** Bytes for a person to read: as {@link decodeText} reads them, and one replacement character for each sequence that is none, as in QEMU. */
export function displayText(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const character = readCharacter(bytes, at, bytes.length);
    text += character === undefined ? REPLACEMENT : String.fromCodePoint(character.code);
    at = character?.end ?? endOfSequence(bytes, at);
  }
  return text;
}

/** The end of a sequence that is none: behind as many continuation bytes as its first byte announces, if they are there. */
function endOfSequence(bytes: Buffer, start: number): number {
  const first = bytes[start] as number;
  // Ones before the first zero; 0xFE and 0xFF announce nothing.
  const announced = first >= 0xfe ? 1 : Math.max(1, Math.clz32(~(first << 24)));
  let end = start + 1;
  while (end < start + announced && end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) end += 1;
  return end;
}
