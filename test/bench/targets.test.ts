import { expect, test } from 'vitest';
import { Measurements } from './measurements.ts';
import { METRICS } from './metrics.ts';
import { judge, TARGETS } from './targets.ts';

const MIB = 1024 * 1024;
const speed = METRICS.throughput('host→guest', 'text', 16 * MIB);
const agent = METRICS.memory('agent', 'after start', 'RSS');

function verdictOn(measurements: Measurements, name: string) {
  const [verdict] = judge(measurements, (metric) => metric.name === name);
  return verdict;
}

test('a ratio is judged by the medians of both contenders', () => {
  const measurements = new Measurements();
  measurements.add('clipmux', speed, 100, 160, 900);
  measurements.add('stock', speed, 1, 100, 101);
  expect(verdictOn(measurements, speed.name)).toMatchObject({ figure: 1.6, met: true, aimMet: false });
});

test('a value is judged by its worst sample', () => {
  const measurements = new Measurements();
  measurements.add('clipmux', agent, 50, 52.1, 49);
  expect(verdictOn(measurements, agent.name)).toMatchObject({ figure: 52.1, met: false });
});

test('what could not be measured is missed', () => {
  const measurements = new Measurements();
  measurements.add('clipmux', speed, 100);
  expect(verdictOn(measurements, speed.name)).toMatchObject({ figure: undefined, met: false });
});

test('each target names a metric and a figure that the table shows', () => {
  for (const { metric, statistic } of TARGETS) expect(metric.statistics, metric.name).toContain(statistic);
});
