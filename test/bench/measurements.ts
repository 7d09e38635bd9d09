import type { ContenderName } from './contenders.ts';
import { quantile } from './statistics.ts';

/** `floor` is the benchmark's own tools with no agent between them. */
export type Subject = ContenderName | 'floor';

/** How the samples of a metric become one figure. */
export const STATISTICS = {
  p50: (samples: readonly number[]) => quantile(samples, 0.5),
  p99: (samples: readonly number[]) => quantile(samples, 0.99),
  max: (samples: readonly number[]) => quantile(samples, 1),
} as const;
export type Statistic = keyof typeof STATISTICS;

/** What is measured. */
export interface Metric {
  /** Unique, and what the table calls it. */
  readonly name: string;
  readonly unit: string;
  /** Which figures the table shows. */
  readonly statistics: readonly Statistic[];
}

/** Everything that was measured, and what could not be. */
export class Measurements {
  readonly #metrics = new Map<string, Metric>();
  readonly #samples = new Map<string, number[]>();
  readonly #failures: { readonly subject: Subject; readonly name: string; readonly reason: string }[] = [];

  add(subject: Subject, metric: Metric, ...values: readonly number[]): void {
    this.#metrics.set(metric.name, metric);
    const key = keyOf(subject, metric.name);
    this.#samples.set(key, [...(this.#samples.get(key) ?? []), ...values]);
  }

  /** Notes that a subject could not do something; the figures stay empty. */
  fail(subject: Subject, name: string, reason: string): void {
    this.#failures.push({ subject, name, reason });
  }

  /** In the order in which they were first measured. */
  get metrics(): readonly Metric[] {
    return [...this.#metrics.values()];
  }

  get failures(): ReadonlyArray<{ readonly subject: Subject; readonly name: string; readonly reason: string }> {
    return this.#failures;
  }

  samples(subject: Subject, name: string): readonly number[] {
    return this.#samples.get(keyOf(subject, name)) ?? [];
  }

  /** One figure, or undefined if nothing was measured. */
  figure(subject: Subject, name: string, statistic: Statistic): number | undefined {
    const samples = this.samples(subject, name);
    return samples.length === 0 ? undefined : STATISTICS[statistic](samples);
  }
}

function keyOf(subject: Subject, name: string): string {
  return `${subject}\n${name}`;
}
