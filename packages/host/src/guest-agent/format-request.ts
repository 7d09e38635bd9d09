import { RawJson, stringifyJson } from '@clipmux/guest-agent';

/**
 * A command as it goes out: one line.
 * @param given its arguments. As `stringifyJson` writes them, but that a bigint is a number, and a {@link RawJson} stands as it was written
 */
export function formatRequest(command: string, given: object): string {
  return `{"execute":${stringifyJson(command)},"arguments":${format(given)}}\n`;
}

/** Undefined for what JSON has no place for. The depth is bounded by who made the value. */
function format(value: unknown): string | undefined {
  // JSON has line breaks between its tokens alone, where a blank is as good; an agent may read by lines.
  if (value instanceof RawJson) return value.text.replace(/[\r\n]/g, ' ');
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null || 'toJSON' in value)
    return JSON.stringify(value) === undefined ? undefined : stringifyJson(value);
  if (Array.isArray(value)) return `[${value.map((one) => format(one) ?? 'null').join(',')}]`;
  const members: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    const text = format(member);
    if (text !== undefined) members.push(`${stringifyJson(name)}:${text}`);
  }
  return `{${members.join(',')}}`;
}
