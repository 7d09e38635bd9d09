/** What may be logged: numbers, names, ids, errors. An undefined field is left out. */
export type LogFields = Readonly<Record<string, LogValue | undefined>>;
export type LogValue = string | number | bigint | boolean | null | Error | readonly (string | number)[];

/** Characters of one text in a line; names come from peers, who choose their length. */
const TEXT_LIMIT = 512;

/** `message key=value key="value with spaces"`, always one line and without control characters. */
export function formatFields(message: string, fields: LogFields | undefined): string {
  let line = printable(message);
  if (fields === undefined) return line;
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) line += ` ${key}=${formatValue(value)}`;
  }
  return line;
}

function formatValue(value: LogValue): string {
  if (value instanceof Error) return formatText(errorText(value));
  if (typeof value === 'string') return formatText(value);
  if (Array.isArray(value)) return formatText(value.join(','));
  return String(value);
}

/** The code is what one searches for; most messages of the system's errors hold it already. */
function errorText(error: Error): string {
  const { code } = error as { code?: unknown };
  const prefix = typeof code === 'string' && !error.message.includes(code) ? `${code}: ` : '';
  return `${prefix}${error.message}`;
}

function formatText(text: string): string {
  return /^[^\s"=\p{Cc}]+$/u.test(text) && text.length <= TEXT_LIMIT
    ? text
    : `"${printable(text).replaceAll('"', '\\"')}"`;
}

/** Control characters (and what terminals and viewers take as line ends) as escapes: a peer's name must not forge a line. */
function printable(text: string): string {
  const cut = text.length > TEXT_LIMIT ? `${text.slice(0, TEXT_LIMIT)}… (${text.length - TEXT_LIMIT} more)` : text;
  return cut.replaceAll(/[\p{Cc}\u2028\u2029\\]/gu, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\\') return '\\\\';
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}
