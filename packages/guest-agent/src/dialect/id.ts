import { formatJson, RawJson } from '../json/format.ts';
import type { JsonValue } from '../json/value.ts';

/**
 * A request's `id` as it goes back: byte for byte as it came, so that nothing of a large number is lost. Only what is no JSON for others
 * (strings in single quotes, C0 80 for NUL) or would break the answer's line is written anew.
 */
export function echoedId(value: JsonValue, bytes: Buffer): RawJson {
  const text = bytes.toString('utf8');
  return new RawJson(isStrictLine(text, bytes) ? text : formatJson(value));
}

function isStrictLine(text: string, bytes: Buffer): boolean {
  if (/[\n\r]/.test(text) || !Buffer.from(text, 'utf8').equals(bytes)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
