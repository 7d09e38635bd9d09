import { parseArgs } from 'node:util';
import type { ContenderName } from './contenders.ts';

/** The parts of the benchmark, in the order in which they run. `sessions` is of clipmux alone and runs only where it is asked for. */
export const PARTS = ['idle', 'latency', 'throughput', 'memory', 'large', 'sessions'] as const;
export type Part = (typeof PARTS)[number];

export interface Options {
  readonly parts: ReadonlySet<Part>;
  /** Latency rounds in each direction, for each contender. */
  readonly rounds: number;
  /** How often the contenders take turns. */
  readonly turns: number;
  /** Seconds over which idle wake-ups are counted. */
  readonly idleSeconds: number;
  /** Largest size of the throughput table, in MiB. */
  readonly maxMebibytes: number;
  readonly contenders: readonly ContenderName[];
  readonly quick: boolean;
  /** What Node is given for clipmux's two programs, in every part alike. */
  readonly nodeFlags: readonly string[];
  /** Where the results go as JSON. */
  readonly jsonFile: string | undefined;
}

export const USAGE = `Usage: npm run bench -- [OPTION]...

Measures clipmux and the stock spice-vdagent in turns, on one Xvfb and with one host endpoint, and compares.
Exits with 1 if a target is missed.

  --quick             fewer rounds, nothing larger than 16 MiB: to see that it works, not to measure
  --rounds N          latency rounds in each direction for each contender (default 240)
  --turns N           how often the contenders take turns (default 4)
  --only PART,...     of ${PARTS.join(', ')}; the last one, as root, is what many
                      sessions cost clipmuxd, and runs only when it is named
  --contender NAME    clipmux or stock alone (no ratios, no targets)
  --node-flags=FLAGS  what Node is given for clipmux's programs, such as "--lite-mode --max-semi-space-size=1"
  --json FILE         the results with all samples
  --help              this text
`;

/** @throws if an option is unknown or has no sense */
export function parseOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      turns: { type: 'string' },
      only: { type: 'string' },
      contender: { type: 'string' },
      'node-flags': { type: 'string', default: '' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const quick = values.quick;
  return {
    parts: new Set(
      values.only !== undefined
        ? values.only.split(',').map(part)
        : PARTS.filter((name) => name !== 'sessions' && !(quick && name === 'large')),
    ),
    rounds: values.rounds === undefined ? (quick ? 40 : 240) : count('--rounds', values.rounds),
    turns: values.turns === undefined ? (quick ? 2 : 4) : count('--turns', values.turns),
    idleSeconds: quick ? 3 : 10,
    maxMebibytes: quick ? 16 : 64,
    contenders: values.contender === undefined ? ['clipmux', 'stock'] : [contender(values.contender)],
    quick,
    nodeFlags: values['node-flags'].split(/\s+/).filter((flag) => flag !== ''),
    jsonFile: values.json,
  };
}

function count(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${option} takes a number from 1, not '${text}'`);
  return value;
}

function part(text: string): Part {
  const found = PARTS.find((name) => name === text);
  if (!found) throw new Error(`--only takes ${PARTS.join(', ')}, not '${text}'`);
  return found;
}

function contender(text: string): ContenderName {
  if (text === 'clipmux' || text === 'stock') return text;
  throw new Error(`--contender takes clipmux or stock, not '${text}'`);
}
