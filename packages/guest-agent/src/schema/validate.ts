import { dialectErrors } from '../dialect/errors.ts';
import { isJsonObject, JsonNumber, type JsonObject, type JsonValue } from '../json/value.ts';
import { decodeBase64 } from './base64.ts';
import { type ArgumentsOf, type ArgumentType, type CommandSchema, typeName } from './types.ts';

/**
 * Checks a command's arguments against its schema, as qemu-ga does: in the schema's order what is missing or of a wrong type, then what is
 * not in the schema.
 * @throws {GuestAgentError} in qemu-ga's words
 */
export function validateArguments<S extends CommandSchema>(schema: S, given: JsonObject): ArgumentsOf<S> {
  const values: Record<string, unknown> = {};
  for (const [name, { type, optional }] of Object.entries(schema.arguments)) {
    const value = given.get(name);
    if (value !== undefined) values[name] = check(name, type, value);
    else if (!optional) throw dialectErrors.missingParameter(name);
  }
  for (const name of given.keys()) {
    if (!Object.hasOwn(schema.arguments, name)) throw dialectErrors.unexpectedParameter(name);
  }
  // Each member was checked against the type that ArgumentsOf gives it.
  return values as ArgumentsOf<S>;
}

function check(name: string, type: ArgumentType, value: JsonValue): unknown {
  const wrong = () => dialectErrors.wrongType(name, typeName(type));
  switch (type.kind) {
    case 'integer': {
      const integer = value instanceof JsonNumber ? value.toInt64() : undefined;
      if (integer === undefined) throw wrong();
      if (type.range === undefined) return integer;
      const { least, most } = type.range;
      if (integer < least || integer > most) throw dialectErrors.wrongValue(name, rangeText(least, most));
      return Number(integer);
    }
    case 'boolean':
      if (typeof value !== 'boolean') throw wrong();
      return value;
    case 'object':
      if (!isJsonObject(value)) throw wrong();
      return value;
    default: {
      if (typeof value !== 'string') throw wrong();
      return checkText(name, type, value);
    }
  }
}

function checkText(name: string, type: Extract<ArgumentType, { kind: 'string' | 'base64' | 'choice' }>, value: string) {
  switch (type.kind) {
    case 'string':
      return value;
    case 'choice':
      if (!type.values.includes(value)) throw dialectErrors.wrongChoice(name, value);
      return value;
    case 'base64': {
      const bytes = decodeBase64(value, type.bytesMax);
      if (bytes === undefined) {
        throw dialectErrors.wrongValue(name, `at most ${type.bytesMax} bytes in base64 with padding`);
      }
      return bytes;
    }
    default:
      return type satisfies never;
  }
}

/** A range in words. */
export function rangeText(least: number, most: number): string {
  return most === Number.MAX_SAFE_INTEGER ? `a number of at least ${least}` : `a number from ${least} to ${most}`;
}
