/** Text for people: plain, aligned, and harmless to a terminal. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be found
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A value that somebody else chose, on one line and without what steers a terminal. */
export function plain(text: string): string {
  return text.replace(CONTROL_CHARACTERS, '\ufffd');
}

/** Rows in columns, two spaces apart; no space at the ends of lines. */
export function table(rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map(plain));
  const widths: number[] = [];
  for (const row of clean) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    });
  }
  return clean
    .map(
      (row) =>
        `${row
          .map((cell, index) => cell.padEnd(widths[index] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** Names and values, a line each; further lines of the same name have an empty one. */
export function fields(pairs: readonly (readonly [string, string])[]): string {
  return table(pairs);
}

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `1536` becomes `1.5 KiB`. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes;
  let unit = '';
  for (const next of UNITS) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)} ${unit}`;
}

const two = (value: number) => String(value).padStart(2, '0');

/** Date and time in the local time zone: `2025-11-21 22:57:01`. */
export function time(milliseconds: number): string {
  const date = new Date(milliseconds);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(milliseconds)}`;
}

/** Time of day in the local time zone: `22:57:01`. */
export function clock(milliseconds: number): string {
  const date = new Date(milliseconds);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** How long: `12 s`, `3 min`, `5 h`, `2 d`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
