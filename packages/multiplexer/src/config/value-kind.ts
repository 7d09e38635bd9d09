import * as v from 'valibot';
import type { TomlValue } from './toml.ts';

/** A kind of value: how it is read from TOML, what is right, how it is written. */
export interface ValueKind<T> {
  /** What is allowed: joined by {@link alternatives} it stands behind "must be". */
  readonly options: readonly string[];
  /**
   * Reads a value. Issues with the value as a whole are worded by {@link complain} with the text given here, which is that of
   * the outermost kind; issues with an element of a list have its index as their path and words of their own.
   */
  readonly schema: (expected: string) => v.GenericSchema<unknown, T>;
  /** What the schema reads as the same value. A method, so that kinds of different values can be listed together. */
  toToml(value: T): TomlValue;
}

/** A message shows this much of a wrong value. */
const SHOWN_CHARACTERS_MAX = 60;

/** A message for valibot: `must be EXPECTED, not VALUE`. */
export function complain(expected: string): (issue: { readonly input: unknown }) => string {
  return ({ input }) => `must be ${expected}, not ${show(input)}`;
}

/** A schema from a function that gives undefined for what it does not accept. */
export function accept<T>(expected: string, read: (input: unknown) => T | undefined): v.GenericSchema<unknown, T> {
  return v.pipe(
    v.unknown(),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const value = read(dataset.value);
      if (value !== undefined) return value;
      addIssue({ message: complain(expected) });
      return NEVER;
    }),
  );
}

/** `a, b or c` */
export function alternatives(words: readonly string[]): string {
  const [last = '', ...others] = [...words].reverse();
  return others.length === 0 ? last : `${others.reverse().join(', ')} or ${last}`;
}

/** True for a whole number in the range. */
export function isIntegerWithin(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

/** True where a text has a character that no path or name may have: C0 controls, DEL. */
export function hasControlCharacters(text: string): boolean {
  return [...text].some((character) => character < ' ' || character === '\x7f');
}

/** A wrong value, so that its author knows it again; not more of it than a line holds. */
function show(value: unknown): string {
  if (typeof value === 'string') {
    const isLong = value.length > SHOWN_CHARACTERS_MAX;
    return JSON.stringify(isLong ? `${value.slice(0, SHOWN_CHARACTERS_MAX)}…` : value);
  }
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (value instanceof Date) return 'a date';
  return typeof value === 'object' ? 'a table' : String(value);
}
