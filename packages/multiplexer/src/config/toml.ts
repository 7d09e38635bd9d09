import { parse, stringify, TomlError } from 'smol-toml';

/** The adapter to smol-toml: text in, a tree or one problem with its position out. */

/** A table as it was parsed. Its prototype is null; its values are unknown until they are validated. */
export type TomlTable = Readonly<Record<string, unknown>>;

/** A value that can be written. */
export type TomlValue = string | number | boolean | readonly (string | number)[];

/** Where the text stops being TOML. Line and column count from 1. */
export interface TomlSyntaxProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Arrays and inline tables within one another, at most; the configuration knows one level, and parsing is recursive. */
export const NESTING_MAX = 16;

/** A longer line is not looked at for advice. */
const ADVISED_LINE_CHARACTERS_MAX = 200;

/** What smol-toml puts before its reason; the excerpt that it puts behind an empty line is cut off as well. */
const REASON_PREFIX = 'Invalid TOML document: ';

/** Reads a whole text. */
export function parseToml(text: string): { readonly table: TomlTable } | { readonly problem: TomlSyntaxProblem } {
  try {
    return { table: parse(text, { maxDepth: NESTING_MAX }) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [first = ''] = error.message.split('\n\n', 1);
    const reason = first.startsWith(REASON_PREFIX) ? first.slice(REASON_PREFIX.length) : first;
    const { line, column } = error;
    return { problem: { line, column, message: `not valid TOML: ${reason}${quoteAdvice(text, line)}` } };
  }
}

/** The mistake that is made most: text without quotes. Told where the value alone is no TOML, and in quotes is. */
function quoteAdvice(text: string, line: number): string {
  const source = text.split('\n', line)[line - 1] ?? '';
  if (source.length > ADVISED_LINE_CHARACTERS_MAX) return '';
  const [, value = ''] = /^[^="'#]*=[ \t]*([^="'#[\]{}\\]+?)\s*(?:#.*)?\r?$/.exec(source) ?? [];
  return !/[A-Za-z/]/.test(value) || isTomlValue(value) || !isTomlValue(`"${value}"`) ? '' : `: write "${value}"`;
}

function isTomlValue(source: string): boolean {
  try {
    parse(`x = ${source}`);
    return true;
  } catch {
    return false;
  }
}

/** Writes keys and tables of keys; the keys come first, as TOML wants it. */
export function formatToml(tree: Readonly<Record<string, TomlValue | Readonly<Record<string, TomlValue>>>>): string {
  return stringify(tree);
}

/** A key as TOML wants it: bare where it can be, else quoted. */
export function formatKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key);
}

/** True for a table, also an inline one; false for arrays of tables and for dates. */
export function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
