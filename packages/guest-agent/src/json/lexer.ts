import { Character, STRING_BYTE_MAX, STRING_BYTE_MIN } from './characters.ts';

/** The kinds of tokens. Those that are one character are named by their byte. */
export const TokenType = {
  STRING: 1,
  NUMBER: 2,
  KEYWORD: 3,
  COMMA: Character.COMMA,
  COLON: Character.COLON,
  LEFT_BRACKET: Character.LEFT_BRACKET,
  RIGHT_BRACKET: Character.RIGHT_BRACKET,
  LEFT_BRACE: Character.LEFT_BRACE,
  RIGHT_BRACE: Character.RIGHT_BRACE,
} as const;
export type TokenType = (typeof TokenType)[keyof typeof TokenType];

/** Takes tokens. Positions are bytes from the beginning of the stream. */
export interface TokenSink {
  token(type: TokenType, start: number, end: number): void;
  /** What is no token; its last byte is the one that did not fit. */
  stray(start: number, end: number): void;
}

/** Where the lexer is, between two bytes. */
const State = {
  START: 0,
  STRING: 1,
  STRING_ESCAPE: 2,
  SIGN: 3,
  ZERO: 4,
  DIGITS: 5,
  FRACTION: 6,
  FRACTION_DIGITS: 7,
  EXPONENT: 8,
  EXPONENT_SIGN: 9,
  EXPONENT_DIGITS: 10,
  KEYWORD: 11,
  /** After a stray: skips to where something new may begin. */
  RECOVERY: 12,
} as const;

/**
 * Cuts bytes into JSON's tokens as QEMU's does (qobject/json-lexer.c): strings may stand in single quotes, keywords are any lower-case
 * letters, and after something stray it goes on at the next bracket, brace, comma or colon, at a control character other than tab,
 * or at 0xFE or 0xFF. It keeps no bytes.
 */
export class Lexer {
  readonly #sink: TokenSink;
  #state: number = State.START;
  #quote = 0;
  #tokenStart = 0;

  constructor(sink: TokenSink) {
    this.#sink = sink;
  }

  /** Where the token begins that is not over yet; undefined between tokens. */
  get openToken(): number | undefined {
    return this.#state === State.START || this.#state === State.RECOVERY ? undefined : this.#tokenStart;
  }

  /** Forgets the token that is not over yet, and skips as after a stray. */
  recover(): void {
    this.#state = State.RECOVERY;
  }

  /** Takes the next bytes, whose first is at `base` in the stream. */
  push(bytes: Uint8Array, base: number): void {
    const end = bytes.length;
    let at = 0;
    while (at < end) {
      const byte = bytes[at] as number;
      switch (this.#state) {
        case State.START:
          at = this.#start(byte, base, at);
          break;
        case State.STRING:
          at = this.#string(bytes, base, at);
          break;
        case State.STRING_ESCAPE:
          if (byte < STRING_BYTE_MIN || byte > STRING_BYTE_MAX) this.#stray(base + at + 1);
          else this.#state = State.STRING;
          at += 1;
          break;
        case State.RECOVERY:
          if (endsRecovery(byte)) this.#state = State.START;
          else at += 1;
          break;
        case State.KEYWORD:
          if (byte >= Character.LOWER_A && byte <= Character.LOWER_Z) at += 1;
          else this.#end(TokenType.KEYWORD, base + at);
          break;
        default:
          if (this.#number(byte, base + at)) at += 1;
      }
    }
  }

  /** The first byte of something. @returns where to go on */
  #start(byte: number, base: number, at: number): number {
    this.#tokenStart = base + at;
    switch (byte) {
      case Character.SPACE:
      case Character.TAB:
      case Character.CARRIAGE_RETURN:
      case Character.LINE_FEED:
        break;
      case Character.LEFT_BRACE:
      case Character.RIGHT_BRACE:
      case Character.LEFT_BRACKET:
      case Character.RIGHT_BRACKET:
      case Character.COMMA:
      case Character.COLON:
        this.#end(byte as TokenType, base + at + 1);
        break;
      case Character.DOUBLE_QUOTE:
      case Character.SINGLE_QUOTE:
        this.#quote = byte;
        this.#state = State.STRING;
        break;
      case Character.MINUS:
        this.#state = State.SIGN;
        break;
      case Character.ZERO:
        this.#state = State.ZERO;
        break;
      default:
        if (isDigit(byte)) this.#state = State.DIGITS;
        else if (byte >= Character.LOWER_A && byte <= Character.LOWER_Z) this.#state = State.KEYWORD;
        else this.#stray(base + at + 1);
    }
    return at + 1;
  }

  /** A string's bytes, as many as there are: most of a large request is in one string. @returns where to go on */
  #string(bytes: Uint8Array, base: number, from: number): number {
    const quote = this.#quote;
    const end = bytes.length;
    // In the loop's own scope: a binding that is imported may be looked up each time it is used.
    const [backslash, least, most] = [Character.BACKSLASH, STRING_BYTE_MIN, STRING_BYTE_MAX];
    for (let at = from; at < end; at += 1) {
      const byte = bytes[at] as number;
      if (byte === quote) {
        this.#end(TokenType.STRING, base + at + 1);
        return at + 1;
      }
      if (byte === backslash) {
        this.#state = State.STRING_ESCAPE;
        return at + 1;
      }
      if (byte < least || byte > most) {
        this.#stray(base + at + 1);
        return at + 1;
      }
    }
    return end;
  }

  /** A byte after the first of a number. @returns false where the number is over and the byte is not part of it */
  #number(byte: number, position: number): boolean {
    const next = isDigit(byte) ? digitNext(this.#state, byte) : otherNext(this.#state, byte);
    if (next !== undefined) {
      this.#state = next;
      return true;
    }
    if (COMPLETE.has(this.#state) && !(this.#state === State.ZERO && isDigit(byte))) {
      this.#end(TokenType.NUMBER, position);
      return false;
    }
    this.#stray(position + 1);
    return true;
  }

  #end(type: TokenType, end: number): void {
    this.#state = State.START;
    this.#sink.token(type, this.#tokenStart, end);
  }

  #stray(end: number): void {
    this.#state = State.RECOVERY;
    this.#sink.stray(this.#tokenStart, end);
  }
}

/** In which states a number may end. */
const COMPLETE: ReadonlySet<number> = new Set([State.ZERO, State.DIGITS, State.FRACTION_DIGITS, State.EXPONENT_DIGITS]);

/** Where a digit leads. From a zero nowhere: `01` is no number. */
function digitNext(state: number, byte: number): number | undefined {
  return state === State.SIGN && byte === Character.ZERO ? State.ZERO : DIGIT_NEXT[state];
}

const DIGIT_NEXT: Readonly<Record<number, number>> = {
  [State.DIGITS]: State.DIGITS,
  [State.FRACTION]: State.FRACTION_DIGITS,
  [State.FRACTION_DIGITS]: State.FRACTION_DIGITS,
  [State.EXPONENT]: State.EXPONENT_DIGITS,
  [State.EXPONENT_SIGN]: State.EXPONENT_DIGITS,
  [State.EXPONENT_DIGITS]: State.EXPONENT_DIGITS,
  [State.SIGN]: State.DIGITS,
};

/** Where another byte leads. */
function otherNext(state: number, byte: number): number | undefined {
  switch (byte) {
    case Character.DOT:
      return state === State.ZERO || state === State.DIGITS ? State.FRACTION : undefined;
    case Character.LOWER_E:
    case Character.UPPER_E:
      // JSON has 0e1 too; QEMU has not.
      return state === State.DIGITS || state === State.FRACTION_DIGITS ? State.EXPONENT : undefined;
    case Character.PLUS:
    case Character.MINUS:
      return state === State.EXPONENT ? State.EXPONENT_SIGN : undefined;
    default:
      return undefined;
  }
}

function isDigit(byte: number): boolean {
  return byte >= Character.ZERO && byte <= Character.NINE;
}

function endsRecovery(byte: number): boolean {
  switch (byte) {
    case Character.TAB:
      return false;
    case Character.LEFT_BRACE:
    case Character.RIGHT_BRACE:
    case Character.LEFT_BRACKET:
    case Character.RIGHT_BRACKET:
    case Character.COMMA:
    case Character.COLON:
      return true;
    default:
      return byte < STRING_BYTE_MIN || byte > STRING_BYTE_MAX;
  }
}
