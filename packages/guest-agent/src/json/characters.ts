/** The bytes that JSON's syntax is made of, by name. */
export const Character = {
  TAB: 0x09,
  LINE_FEED: 0x0a,
  CARRIAGE_RETURN: 0x0d,
  SPACE: 0x20,
  DOUBLE_QUOTE: 0x22,
  SINGLE_QUOTE: 0x27,
  PLUS: 0x2b,
  COMMA: 0x2c,
  MINUS: 0x2d,
  DOT: 0x2e,
  ZERO: 0x30,
  NINE: 0x39,
  COLON: 0x3a,
  UPPER_E: 0x45,
  LEFT_BRACKET: 0x5b,
  BACKSLASH: 0x5c,
  RIGHT_BRACKET: 0x5d,
  LOWER_A: 0x61,
  LOWER_E: 0x65,
  LOWER_U: 0x75,
  LOWER_Z: 0x7a,
  LEFT_BRACE: 0x7b,
  RIGHT_BRACE: 0x7d,
} as const;

/** The least byte that a string may hold unescaped, and the greatest: 0xFE and 0xFF are in no UTF-8. */
export const STRING_BYTE_MIN = 0x20;
export const STRING_BYTE_MAX = 0xfd;

/** A client sends this byte to flush a half-sent request out of the parser; an answer to guest-sync-delimited begins with it. */
export const SENTINEL = 0xff;
