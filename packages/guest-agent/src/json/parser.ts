import { TokenType } from './lexer.ts';
import { decodeText } from './text.ts';
import { JsonNumber, type JsonObject, type JsonValue } from './value.ts';

/** The tokens of one message, as columns: kind, first byte, byte after the last. Positions are within the message. */
export interface Tokens {
  readonly types: readonly TokenType[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** The text is no JSON. The message is in QEMU's words (qobject/json-parser.c). */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';

  constructor(what: string) {
    super(`JSON parse error, ${what}`);
  }
}

/** A message as it was read. */
export interface Parsed {
  readonly value: JsonValue;
  /** The bytes of each member of the outermost object. */
  readonly members: ReadonlyMap<string, Buffer>;
}

/** @throws {JsonSyntaxError} */
export function parseTokens(raw: Buffer, tokens: Tokens): Parsed {
  const parser = new Parser(raw, tokens);
  return { value: parser.parse(), members: parser.members };
}

const KEYWORDS: ReadonlyMap<string, JsonValue> = new Map<string, JsonValue>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/** Recursive descent. The depth is bounded by who gathers the tokens. */
class Parser {
  readonly #raw: Buffer;
  readonly #tokens: Tokens;
  readonly members = new Map<string, Buffer>();
  #next = 0;
  #depth = 0;

  constructor(raw: Buffer, tokens: Tokens) {
    this.#raw = raw;
    this.#tokens = tokens;
  }

  parse(): JsonValue {
    return this.#value();
  }

  #value(): JsonValue {
    const index = this.#next;
    switch (this.#take()) {
      case TokenType.LEFT_BRACE:
        return this.#object();
      case TokenType.LEFT_BRACKET:
        return this.#array();
      case TokenType.STRING:
        return this.#string(index);
      case TokenType.NUMBER:
        return new JsonNumber(this.#text(index));
      case TokenType.KEYWORD: {
        const text = this.#text(index);
        const value = KEYWORDS.get(text);
        if (value === undefined) throw new JsonSyntaxError(`invalid keyword '${shorten(text)}'`);
        return value;
      }
      default:
        throw new JsonSyntaxError('expecting value');
    }
  }

  #object(): JsonObject {
    const object = new Map<string, JsonValue>();
    this.#depth += 1;
    if (this.#peek() === TokenType.RIGHT_BRACE) this.#take();
    else {
      do this.#pair(object);
      while (this.#more(TokenType.RIGHT_BRACE, 'dict'));
    }
    this.#depth -= 1;
    return object;
  }

  #array(): readonly JsonValue[] {
    const array: JsonValue[] = [];
    this.#depth += 1;
    if (this.#peek() === TokenType.RIGHT_BRACKET) this.#take();
    else {
      do array.push(this.#value());
      while (this.#more(TokenType.RIGHT_BRACKET, 'list'));
    }
    this.#depth -= 1;
    return array;
  }

  #pair(object: Map<string, JsonValue>): void {
    const key = this.#value();
    if (typeof key !== 'string') throw new JsonSyntaxError('key is not a string in object');
    if (this.#take() !== TokenType.COLON) throw new JsonSyntaxError('missing : in object pair');
    const first = this.#next;
    const value = this.#value();
    if (object.has(key)) throw new JsonSyntaxError('duplicate key');
    object.set(key, value);
    if (this.#depth === 1) {
      this.members.set(key, this.#raw.subarray(this.#tokens.starts[first], this.#tokens.ends[this.#next - 1]));
    }
  }

  /** Whether another element follows; takes the comma, or the end. */
  #more(end: TokenType, what: 'dict' | 'list'): boolean {
    const type = this.#take();
    if (type === end) return false;
    if (type !== TokenType.COMMA) throw new JsonSyntaxError(`expected separator in ${what}`);
    return true;
  }

  #peek(): TokenType {
    const type = this.#tokens.types[this.#next];
    if (type === undefined) throw new JsonSyntaxError('premature EOI');
    return type;
  }

  #take(): TokenType {
    const type = this.#peek();
    this.#next += 1;
    return type;
  }

  #string(index: number): string {
    const text = decodeText(this.#raw.subarray(this.#tokens.starts[index], this.#tokens.ends[index]));
    if (typeof text === 'string') return text;
    throw new JsonSyntaxError(text.message);
  }

  #text(index: number): string {
    return this.#raw.toString('latin1', this.#tokens.starts[index], this.#tokens.ends[index]);
  }
}

/** Characters of the peer's text that an error repeats. */
export const QUOTED_CHARACTERS_MAX = 256;

export function shorten(text: string): string {
  return text.length > QUOTED_CHARACTERS_MAX ? `${text.slice(0, QUOTED_CHARACTERS_MAX)}…` : text;
}
