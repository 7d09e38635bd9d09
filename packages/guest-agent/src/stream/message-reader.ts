import { SENTINEL } from '../json/characters.ts';
import { Lexer, type TokenSink, TokenType } from '../json/lexer.ts';
import {
  JsonSyntaxError,
  type Parsed,
  parseTokens,
  QUOTED_CHARACTERS_MAX,
  shorten,
  type Tokens,
} from '../json/parser.ts';
import { displayText } from '../json/text.ts';
import { GatheredBytes } from './gathered-bytes.ts';
import { MESSAGE_BYTES_MAX, MESSAGE_TOKENS_MAX, NESTING_MAX } from './limits.ts';

/** One message: brackets and braces are balanced, or one closes that was not open. Whether it is JSON, {@link parse} says. */
export class JsonMessage {
  /** Its bytes as they came, from its first token to its last. */
  readonly raw: Buffer;
  readonly #tokens: Tokens;

  constructor(raw: Buffer, tokens: Tokens) {
    this.raw = raw;
    this.#tokens = tokens;
  }

  /** @throws {JsonSyntaxError} */
  parse(): Parsed {
    return parseTokens(this.raw, this.#tokens);
  }
}

/** Takes what a stream holds, in its order. */
export interface MessageHandler {
  message(message: JsonMessage): void;
  /**
   * Bytes that are no message; the stream goes on after them.
   * @param description what to answer, in QEMU's words
   * @param sentinel whether it was the sentinel, 0xFF, that did not fit: then the peer means to begin anew
   */
  junk(description: string, sentinel: boolean): void;
}

/** Limits of a {@link MessageReader}; sizes are in bytes. */
export interface MessageReaderOptions {
  /** Default {@link MESSAGE_BYTES_MAX}. */
  readonly messageBytesMax?: number;
}

/**
 * Reads JSON values from a stream, however it is cut and whether or not there is anything between them. Whatever comes, it goes on;
 * where it does so is as in QEMU (qobject/json-streamer.c), so that a client that gets along with qemu-ga gets along with it.
 */
export class MessageReader implements TokenSink {
  readonly #handler: MessageHandler;
  readonly #messageBytesMax: number;
  readonly #lexer = new Lexer(this);
  readonly #gathered = new GatheredBytes();
  #chunk: Buffer = Buffer.alloc(0);
  /** Where in the stream the chunk begins. */
  #base = 0;
  #types: TokenType[] = [];
  #starts: number[] = [];
  #ends: number[] = [];
  #messageStart = 0;
  #braces = 0;
  #brackets = 0;

  constructor(handler: MessageHandler, options: MessageReaderOptions = {}) {
    this.#handler = handler;
    this.#messageBytesMax = options.messageBytesMax ?? MESSAGE_BYTES_MAX;
  }

  /** Bytes that are held of a message that is not over yet. */
  get heldBytes(): number {
    return this.#gathered.size;
  }

  /** Takes the next bytes of the stream. Messages share them: the caller must not change them. */
  push(bytes: Buffer): void {
    this.#chunk = bytes;
    this.#lexer.push(bytes, this.#base);
    this.#keep();
    this.#base += bytes.length;
  }

  token(type: TokenType, start: number, end: number): void {
    if (this.#types.length === 0) this.#messageStart = start;
    this.#count(type);
    const problem = this.#problem(end);
    if (problem !== undefined) {
      this.#forget();
      this.#handler.junk(problem, false);
      return;
    }
    this.#types.push(type);
    this.#starts.push(start - this.#messageStart);
    this.#ends.push(end - this.#messageStart);
    if (this.#braces >= 0 && this.#brackets >= 0 && this.#braces + this.#brackets > 0) return;
    const message = new JsonMessage(this.#slice(this.#messageStart, end), {
      types: this.#types,
      starts: this.#starts,
      ends: this.#ends,
    });
    this.#forget();
    this.#handler.message(message);
  }

  stray(start: number, end: number): void {
    const bytes = this.#slice(start, end);
    const sentinel = bytes[bytes.length - 1] === SENTINEL;
    // QEMU holds texts as C does: a NUL ends them.
    const shown = bytes.subarray(0, QUOTED_CHARACTERS_MAX * 4);
    const nul = shown.indexOf(0);
    const text = displayText(nul < 0 ? shown : shown.subarray(0, nul));
    this.#forget();
    this.#handler.junk(new JsonSyntaxError(`stray '${shorten(text)}'`).message, sentinel);
  }

  #count(type: TokenType): void {
    switch (type) {
      case TokenType.LEFT_BRACE:
        this.#braces += 1;
        break;
      case TokenType.RIGHT_BRACE:
        this.#braces -= 1;
        break;
      case TokenType.LEFT_BRACKET:
        this.#brackets += 1;
        break;
      case TokenType.RIGHT_BRACKET:
        this.#brackets -= 1;
        break;
      default:
    }
  }

  #problem(end: number): string | undefined {
    if (end - this.#messageStart > this.#messageBytesMax) return SIZE_EXCEEDED;
    if (this.#types.length >= MESSAGE_TOKENS_MAX) return 'JSON token count limit exceeded';
    if (this.#braces + this.#brackets > NESTING_MAX) return 'JSON nesting depth limit exceeded';
    return undefined;
  }

  #forget(): void {
    this.#types = [];
    this.#starts = [];
    this.#ends = [];
    this.#braces = 0;
    this.#brackets = 0;
    this.#gathered.clear();
  }

  /** Bytes of the stream, of which the last is in the chunk. */
  #slice(start: number, end: number): Buffer {
    if (start >= this.#base) return this.#chunk.subarray(start - this.#base, end - this.#base);
    // All before the chunk was kept.
    this.#gathered.append(this.#chunk.subarray(0, end - this.#base), this.#base);
    return this.#gathered.slice(start, end);
  }

  /** What is not over at the chunk's end is kept; nothing else is. */
  #keep(): void {
    const { openToken } = this.#lexer;
    const from = this.#types.length > 0 ? this.#messageStart : openToken;
    if (from === undefined) {
      this.#gathered.clear();
    } else if (this.#base + this.#chunk.length - from > this.#messageBytesMax) {
      this.#forget();
      this.#lexer.recover();
      this.#handler.junk(SIZE_EXCEEDED, false);
    } else {
      const position = Math.max(from, this.#base);
      this.#gathered.append(this.#chunk.subarray(position - this.#base), position);
    }
    this.#chunk = EMPTY;
  }
}

const SIZE_EXCEEDED = 'JSON token size limit exceeded';
const EMPTY = Buffer.alloc(0);
