import { stringifyJson } from './stringify.ts';
import { JsonNumber, type JsonValue } from './value.ts';

/** What an answer is made of. A member that is undefined is left out. Numbers must be finite; whole ones past 2^53 are bigints. */
export type AnswerValue = JsonValue | number | bigint | RawJson | readonly AnswerValue[] | AnswerObject;
/** An object of an answer. */
export interface AnswerObject {
  readonly [name: string]: AnswerValue | undefined;
}

/** Text that is JSON already, and that others can read: as {@link stringifyJson} writes it, or as it was read. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Any value as `JSON.stringify` has it; see {@link stringifyJson}. */
  static of(value: unknown): RawJson {
    return new RawJson(stringifyJson(value));
  }
}

/** The value as JSON in one line, with a blank after each comma and colon, as qemu-ga writes it. */
export function formatJson(value: AnswerValue): string {
  if (value === null || typeof value !== 'object') {
    if (typeof value === 'string') return stringifyJson(value);
    return String(value);
  }
  if (value instanceof JsonNumber || value instanceof RawJson) return value.text;
  if (Array.isArray(value)) return `[${value.map(formatJson).join(', ')}]`;
  const members: Iterable<readonly [string, AnswerValue | undefined]> =
    value instanceof Map ? value : Object.entries(value as AnswerObject);
  let text = '';
  for (const [name, member] of members) {
    if (member === undefined) continue;
    text += `${text === '' ? '' : ', '}${stringifyJson(name)}: ${formatJson(member)}`;
  }
  return `{${text}}`;
}
