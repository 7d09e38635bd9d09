/** Sizes and durations as people write them: a whole number and its unit. */

interface Unit {
  readonly name: string;
  readonly factor: number;
}

/** IEC 80000-13 prefixes. Largest last. */
const SIZE_UNITS: readonly Unit[] = [
  { name: 'B', factor: 1 },
  { name: 'KiB', factor: 1024 },
  { name: 'MiB', factor: 1024 ** 2 },
  { name: 'GiB', factor: 1024 ** 3 },
];

/** As systemd.time(7) writes them; its `m`, which others read as minutes, metres or mega, is left out. Largest last. */
const DURATION_UNITS: readonly Unit[] = [
  { name: 'ms', factor: 1 },
  { name: 's', factor: 1000 },
  { name: 'min', factor: 60 * 1000 },
  { name: 'h', factor: 60 * 60 * 1000 },
];

/** The units of a size, for messages. */
export const SIZE_UNIT_NAMES = names(SIZE_UNITS);
/** The units of a duration, for messages. */
export const DURATION_UNIT_NAMES = names(DURATION_UNITS);

/** Bytes that `64MiB` or `64 MiB` stands for; null where the text is no size, or one past what a number holds exactly. */
export function parseSize(text: string): number | null {
  return parse(text, SIZE_UNITS);
}

/** Milliseconds that `8s` or `8 s` stands for; null where the text is no duration, or one past what a number holds exactly. */
export function parseDuration(text: string): number | null {
  return parse(text, DURATION_UNITS);
}

/** The size in the largest unit that holds it as a whole number: `64MiB`. {@link parseSize} reads it back. */
export function formatSize(bytes: number): string {
  return format(bytes, SIZE_UNITS);
}

/** The duration in the largest unit that holds it as a whole number: `90s`. {@link parseDuration} reads it back. */
export function formatDuration(milliseconds: number): string {
  return format(milliseconds, DURATION_UNITS);
}

function parse(text: string, units: readonly Unit[]): number | null {
  const [, digits, name] = /^([0-9]+) ?([A-Za-z]+)$/.exec(text) ?? [];
  const unit = units.find((candidate) => candidate.name === name);
  const value = Number(digits) * (unit?.factor ?? Number.NaN);
  return Number.isSafeInteger(value) ? value : null;
}

function format(value: number, units: readonly Unit[]): string {
  const whole = units.filter(({ factor }) => value >= factor && value % factor === 0);
  const { name, factor } = whole.at(-1) ?? (units[0] as Unit);
  return `${value / factor}${name}`;
}

function names(units: readonly Unit[]): string {
  return units.map(({ name }) => name).join(', ');
}
