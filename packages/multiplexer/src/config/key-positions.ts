import { parseToml } from './toml.ts';

/** A place in a text; both count from 1, columns in UTF-16 units as in smol-toml's own errors. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Names of keys from the outermost in; a number is an index in an array. */
export type KeyPath = readonly (string | number)[];

/** Where the keys of a text are. */
export interface KeyPositions {
  /** Where the key is first named; else where the closest table around it is; else the start of the text. */
  of(path: KeyPath): Position;
}

/**
 * Finds where each key and each element of an array stands, because smol-toml tells only values. The text must be one that
 * smol-toml accepts: what it refuses is not looked at here, so only what separates keys from values is read.
 */
export function locateKeys(text: string): KeyPositions {
  const offsets = new KeyScanner(text).scan();
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const position = (offset: number): Position => {
    let [low, high] = [0, lineStarts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (lineStarts[low] ?? 0) + 1 };
  };
  return {
    of(path) {
      for (let length = path.length; length > 0; length -= 1) {
        const offset = offsets.get(pathId(path.slice(0, length)));
        if (offset !== undefined) return position(offset);
      }
      return position(0);
    },
  };
}

/** One part of a dotted key. */
interface KeyPart {
  readonly name: string;
  readonly offset: number;
}

const pathId = (path: KeyPath) => JSON.stringify(path);

/** Reads a text once, from its start to its end. */
class KeyScanner {
  readonly #text: string;
  #at = 0;
  readonly #offsets = new Map<string, number>();
  /** Index of the last element of each array of tables. */
  readonly #lastElements = new Map<string, number>();

  constructor(text: string) {
    this.#text = text;
    if (text.startsWith('\ufeff')) this.#at = 1;
  }

  /** Offsets by the id of the path. */
  scan(): ReadonlyMap<string, number> {
    let table: KeyPath = [];
    for (this.#skipVoid(); this.#at < this.#text.length; this.#skipVoid()) {
      if (this.#text[this.#at] === '[') table = this.#header();
      else this.#pair(table);
    }
    return this.#offsets;
  }

  /** `[a.b]` or `[[a.b]]`: the path of the table that begins. */
  #header(): KeyPath {
    const isArray = this.#text[this.#at + 1] === '[';
    this.#at += isArray ? 2 : 1;
    const table = this.#enter([], this.#key());
    this.#at += isArray ? 2 : 1;
    if (!isArray) return table;
    // Entering stops at the last element there is; this header begins the next.
    const id = pathId(typeof table.at(-1) === 'number' ? table.slice(0, -1) : table);
    const index = (this.#lastElements.get(id) ?? -1) + 1;
    this.#lastElements.set(id, index);
    const element = [...(JSON.parse(id) as (string | number)[]), index];
    this.#record(element, this.#lastKeyOffset);
    return element;
  }

  /** `key = value` */
  #pair(table: KeyPath): void {
    const path = this.#enter(table, this.#key());
    this.#at += 1;
    this.#skipBlanks();
    this.#value(path);
  }

  #lastKeyOffset = 0;

  /** A dotted key, up to the `=` or `]` behind it. */
  #key(): KeyPart[] {
    const parts: KeyPart[] = [];
    for (;;) {
      this.#skipBlanks();
      const offset = this.#at;
      if (this.#isQuote()) this.#string();
      else this.#skip(/[A-Za-z0-9_-]*/y);
      parts.push({ name: keyName(this.#text.slice(offset, this.#at)), offset });
      this.#lastKeyOffset = offset;
      this.#skipBlanks();
      if (this.#text[this.#at] !== '.') return parts;
      this.#at += 1;
    }
  }

  /** The path of a key in a table, recorded part by part; a name of an array of tables means its last element. */
  #enter(table: KeyPath, parts: readonly KeyPart[]): KeyPath {
    const path = [...table];
    for (const { name, offset } of parts) {
      path.push(name);
      this.#record(path, offset);
      const last = this.#lastElements.get(pathId(path));
      if (last !== undefined) path.push(last);
    }
    return path;
  }

  #value(path: KeyPath): void {
    const first = this.#text[this.#at];
    if (first === '[') this.#array(path);
    else if (first === '{') this.#inlineTable(path);
    else if (this.#isQuote()) this.#string();
    // At least one character, so that the scan always ends.
    else this.#skip(/[^,\]}#\n]+|.?/sy);
  }

  #array(path: KeyPath): void {
    this.#at += 1;
    for (let index = 0; this.#inside(']'); index += 1) {
      const element = [...path, index];
      this.#record(element, this.#at);
      this.#value(element);
    }
  }

  #inlineTable(path: KeyPath): void {
    this.#at += 1;
    while (this.#inside('}')) this.#pair(path);
  }

  /** Goes to the next element; false, and behind the end, where there is none. */
  #inside(end: string): boolean {
    this.#skipVoid();
    if (this.#text[this.#at] === ',') {
      this.#at += 1;
      this.#skipVoid();
    }
    if (this.#at < this.#text.length && this.#text[this.#at] !== end) return true;
    this.#at += 1;
    return false;
  }

  /** Any of TOML's four kinds of strings. */
  #string(): void {
    const quote = this.#text[this.#at];
    const isMultiline = this.#text.startsWith(`${quote}${quote}${quote}`, this.#at);
    if (quote === '"') this.#skip(isMultiline ? /"""(?:[^"\\]+|\\.|"(?!""))*"{0,5}/sy : /"(?:[^"\\\n]+|\\.)*"?/y);
    else this.#skip(isMultiline ? /'''(?:[^']+|'(?!''))*'{0,5}/y : /'[^'\n]*'?/y);
  }

  #isQuote(): boolean {
    return this.#text[this.#at] === '"' || this.#text[this.#at] === "'";
  }

  #skipBlanks(): void {
    this.#skip(/[ \t]*/y);
  }

  #skipVoid(): void {
    this.#skip(/(?:[ \t\r\n]+|#[^\n]*)*/y);
  }

  #skip(pattern: RegExp): void {
    pattern.lastIndex = this.#at;
    if (pattern.test(this.#text)) this.#at = pattern.lastIndex;
  }

  #record(path: KeyPath, offset: number): void {
    const id = pathId(path);
    if (!this.#offsets.has(id)) this.#offsets.set(id, offset);
  }
}

/** The name that a key's source stands for. The parser undoes quotes and escapes, so that there is one reading of them. */
function keyName(source: string): string {
  if (!/^["']/.test(source)) return source;
  const parsed = parseToml(`${source} = 0`);
  return 'table' in parsed ? (Object.keys(parsed.table)[0] ?? source) : source;
}
