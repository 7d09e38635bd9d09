/**
 * A number as it stood in the text. Not a JavaScript number: `guest-get-time` gives nanoseconds, which are past 2^53, and an `id` goes
 * back as it came.
 */
export class JsonNumber {
  /** As written: an optional sign, digits, and perhaps a fraction and an exponent. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The number where it is a whole one that an `int64_t` holds, which is what qemu-ga calls an integer; `1.0` and `1e2` are none. */
  toInt64(): bigint | undefined {
    if (!/^-?[0-9]+$/.test(this.text) || this.text.length > INT64_TEXT_MAX) return undefined;
    const value = BigInt(this.text);
    return BigInt.asIntN(64, value) === value ? value : undefined;
  }
}

/** `-9223372036854775808`. */
const INT64_TEXT_MAX = 20;

/** A JSON object, its members in the order of the text. */
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** What was read: JSON (RFC 8259), numbers as their text. */
export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject;

/** Whether the value is an object. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map;
}
