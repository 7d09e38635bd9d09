import { expect, test } from 'vitest';
import { parseOptions } from './options.ts';

test('without options every part is run for both contenders, 240 rounds each', () => {
  expect(parseOptions([])).toMatchObject({
    parts: new Set(['latency', 'throughput', 'memory', 'idle', 'large']),
    contenders: ['clipmux', 'stock'],
    rounds: 240,
    nodeFlags: [],
  });
});

test('options narrow the run', () => {
  const options = parseOptions(['--only', 'memory,idle', '--rounds', '7', '--node-flags=--lite-mode  --trace-gc']);
  expect(options).toMatchObject({
    parts: new Set(['memory', 'idle']),
    rounds: 7,
    nodeFlags: ['--lite-mode', '--trace-gc'],
  });
});

test('many sessions are measured when they are asked for', () => {
  expect(parseOptions(['--only', 'sessions'])).toMatchObject({ parts: new Set(['sessions']) });
});

test.each([
  [['--only', 'speed'], 'speed'],
  [['--rounds', '0'], '--rounds'],
  [['--contender', 'xclip'], 'clipmux or stock'],
  [['--fast'], '--fast'],
])('%j is refused by name', (args, named) => {
  expect(() => parseOptions(args)).toThrow(named);
});
