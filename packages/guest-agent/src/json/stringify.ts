import { isCharacter, REPLACEMENT } from './text.ts';

/** What may have to be replaced, raw: a first look, which costs next to nothing where the text is Latin-1, as the base64 of a large content is. */
const SUSPICIOUS = /[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]/;

/**
 * The parts of JSON's text that matter: a pair of surrogates written as escapes; one such escape; any other escape, so that a backslash that is
 * itself escaped begins none; and what is no character, raw: noncharacters, and half a pair that stands alone.
 */
const PARTS =
  /\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\.|[\p{Noncharacter_Code_Point}\p{Surrogate}]/gsu;

/**
 * As `JSON.stringify`, for all that is written in the guest agent's dialect or on the port for calls: our reader takes it, and QEMU's. Both refuse
 * surrogates without their other half, and what Unicode calls noncharacters; U+FFFD is written in their place, as qemu-ga does. Programs in
 * sessions choose many of these texts, and none of them shall make a whole answer unreadable. Of members whose names become the same the last
 * one stays, since a name that comes twice is refused too.
 * @param value of a bounded depth; what is no JSON (undefined, a function) becomes null
 */
export function stringifyJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  const written = replaceNoncharacters(text);
  return written === text ? text : JSON.stringify(JSON.parse(written));
}

/** JSON's text with U+FFFD for each character in its strings that is none. */
export function replaceNoncharacters(json: string): string {
  if (!SUSPICIOUS.test(json) && !json.includes('\\u')) return json;
  return json.replace(PARTS, (part: string, lead?: string, trail?: string, single?: string) => {
    const code = codeOf(part, lead, trail, single);
    return code === undefined || isCharacter(code) ? part : REPLACEMENT;
  });
}

/** The character that a part stands for; undefined for an escape without a code. */
function codeOf(part: string, lead?: string, trail?: string, single?: string): number | undefined {
  if (lead !== undefined && trail !== undefined) {
    return 0x10000 + ((Number.parseInt(lead, 16) & 0x3ff) << 10) + (Number.parseInt(trail, 16) & 0x3ff);
  }
  if (single !== undefined) return Number.parseInt(single, 16);
  return part.startsWith('\\') ? undefined : part.codePointAt(0);
}
