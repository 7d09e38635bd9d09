import { isJsonObject, JsonNumber, type JsonValue } from './value.ts';

/** The value as `JSON.parse` has it: a whole number past 2^53 is rounded. The depth is bounded by who read it. */
export function plainJson(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return finite(Number(value.text));
  if (typeof value !== 'object' || value === null) return value;
  if (!isJsonObject(value)) return (value as readonly JsonValue[]).map(plainJson);
  const object: Record<string, unknown> = {};
  for (const [name, member] of value) {
    // Not by assignment: a member called __proto__ would become the prototype.
    Object.defineProperty(object, name, {
      value: plainJson(member),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}

/** JSON has no infinity: 1e999 is the largest number there is. */
function finite(number: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, number));
}
