import type { Measurements, Metric, Statistic } from './measurements.ts';
import { METRICS } from './metrics.ts';

const MIB = 1024 * 1024;

/** What clipmux must reach: a figure of its own, or its ratio to the stock agent's in the same run. */
export interface Target {
  readonly metric: Metric;
  readonly statistic: Statistic;
  readonly of: 'ratio' | 'value';
  readonly bound: 'at least' | 'at most';
  readonly limit: number;
  /** What we aim at; missing it is no failure. */
  readonly aim?: number;
}

const latencyTargets = (['host→guest', 'guest→host'] as const).map(
  (direction): Target => ({
    metric: METRICS.latency(direction, 'whole'),
    statistic: 'p50',
    of: 'ratio',
    bound: 'at most',
    limit: 1.5,
    aim: 1,
  }),
);

const throughputTargets = (['text', 'png'] as const).flatMap((kind): Target[] => [
  {
    metric: METRICS.throughput('host→guest', kind, 16 * MIB),
    statistic: 'p50',
    of: 'ratio',
    bound: 'at least',
    limit: 1.5,
    aim: 2,
  },
  {
    metric: METRICS.throughput('guest→host', kind, 16 * MIB),
    statistic: 'p50',
    of: 'ratio',
    bound: 'at least',
    limit: 1,
    aim: 2,
  },
]);

const wakeUpTargets = (['daemon', 'agent'] as const).map(
  (role): Target => ({
    metric: METRICS.wakeUps(role),
    statistic: 'max',
    of: 'value',
    bound: 'at most',
    limit: 0,
  }),
);

/** Every target, in one table. */
export const TARGETS: readonly Target[] = [
  ...latencyTargets,
  ...throughputTargets,
  ...wakeUpTargets,
  {
    metric: METRICS.memory('agent', 'after start', 'RSS'),
    statistic: 'max',
    of: 'value',
    bound: 'at most',
    limit: 52,
  },
  { metric: METRICS.growth('agent'), statistic: 'max', of: 'value', bound: 'at most', limit: 10 },
  {
    metric: METRICS.memory('daemon', 'during 256 MiB host→guest', 'peak'),
    statistic: 'max',
    of: 'value',
    bound: 'at most',
    limit: 100,
  },
];

export interface Verdict {
  readonly target: Target;
  /** Undefined if there is nothing to judge: it could not be measured. */
  readonly figure: number | undefined;
  readonly met: boolean;
  readonly aimMet: boolean;
}

/** Judges the targets of those metrics that clipmux was measured by, or failed at. */
export function judge(measurements: Measurements, measured: (metric: Metric) => boolean): Verdict[] {
  return TARGETS.filter(({ metric }) => measured(metric)).map((target) => {
    const { metric, statistic, of } = target;
    const own = measurements.figure('clipmux', metric.name, statistic);
    const stock = measurements.figure('stock', metric.name, statistic);
    const figure = of === 'value' ? own : own === undefined || stock === undefined ? undefined : own / stock;
    return {
      target,
      figure,
      met: figure !== undefined && holds(target, figure, target.limit),
      aimMet: figure !== undefined && (target.aim === undefined || holds(target, figure, target.aim)),
    };
  });
}

function holds({ bound }: Target, figure: number, limit: number): boolean {
  return bound === 'at least' ? figure >= limit : figure <= limit;
}
