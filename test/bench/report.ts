import { execFileSync } from 'node:child_process';
import { cpus, release } from 'node:os';
import type { Measurements, Subject } from './measurements.ts';
import { STATISTICS } from './measurements.ts';
import type { Options } from './options.ts';
import type { Verdict } from './targets.ts';

/** What one must know to compare two runs. */
export interface Circumstances {
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  readonly nodeFlags: string;
  readonly stock: string;
}

export function circumstances({ nodeFlags }: Options): Circumstances {
  const [cpu] = cpus();
  return {
    date: new Date().toISOString(),
    machine: `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, Linux ${release()}`,
    node: process.version,
    nodeFlags: nodeFlags.length === 0 ? '(none)' : nodeFlags.join(' '),
    stock: `spice-vdagent ${stockVersion()}`,
  };
}

function stockVersion(): string {
  try {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholder
    return execFileSync('dpkg-query', ['-W', '-f=${Version}', 'spice-vdagent'], { encoding: 'utf8' });
  } catch {
    return 'of unknown version';
  }
}

const SUBJECTS: readonly Subject[] = ['clipmux', 'stock', 'floor'];
const COLUMN = 11;

/** The table: one line a figure, with the ratio clipmux : stock and the floor of the tools. */
export function formatTable(measurements: Measurements): string {
  const rows = measurements.metrics.flatMap((metric) =>
    metric.statistics.map((statistic) => {
      const name = metric.statistics.length > 1 ? `${metric.name}, ${statistic}` : metric.name;
      const [clipmux, stock, floor] = SUBJECTS.map((subject) => measurements.figure(subject, metric.name, statistic));
      const ratio = clipmux !== undefined && stock !== undefined && stock !== 0 ? clipmux / stock : undefined;
      return [name, metric.unit, number(clipmux), number(stock), number(ratio, '×'), number(floor)];
    }),
  );
  const head = ['', 'unit', 'clipmux', 'stock', 'ratio', 'floor'];
  const width = Math.max(...rows.map(([name]) => name?.length ?? 0));
  return [head, ...rows]
    .map(([name, unit, ...figures]) =>
      [name?.padEnd(width), unit?.padStart(6), ...figures.map((figure) => figure.padStart(COLUMN))].join(' '),
    )
    .join('\n');
}

/** One line a target: reached, reached but not what we aim at, missed. */
export function formatVerdicts(verdicts: readonly Verdict[]): string {
  return verdicts
    .map(({ target, figure, met, aimMet }) => {
      const sign = target.of === 'ratio' ? '×' : ` ${target.metric.unit}`.trimEnd();
      const aim = target.aim === undefined ? '' : `, aim ${target.aim}${sign}${met && !aimMet ? ' (not yet)' : ''}`;
      const name = `${target.metric.name}${target.metric.statistics.length > 1 ? `, ${target.statistic}` : ''}`;
      return `${met ? 'reached' : 'MISSED '}  ${name}: ${number(figure)}${sign} (${target.bound} ${target.limit}${sign}${aim})`;
    })
    .join('\n');
}

/** All samples and figures, for a file. */
export function toJson(about: Circumstances, measurements: Measurements, verdicts: readonly Verdict[]): string {
  const metrics = measurements.metrics.map(({ name, unit, statistics }) => ({
    name,
    unit,
    subjects: Object.fromEntries(
      SUBJECTS.map((subject) => [subject, measurements.samples(subject, name)] as const)
        .filter(([, samples]) => samples.length > 0)
        .map(([subject, samples]) => [
          subject,
          { ...Object.fromEntries(statistics.map((name) => [name, STATISTICS[name](samples)])), samples },
        ]),
    ),
  }));
  const targets = verdicts.map(({ target, ...verdict }) => ({ ...target, metric: target.metric.name, ...verdict }));
  return `${JSON.stringify({ ...about, metrics, targets, failures: measurements.failures }, null, 2)}\n`;
}

function number(value: number | undefined, sign = ''): string {
  if (value === undefined) return '–';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(digits)}${sign}`;
}
