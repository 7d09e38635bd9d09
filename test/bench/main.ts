import { writeFileSync } from 'node:fs';
import type { ContenderName } from './contenders.ts';
import { measureFloor } from './floor/floor.ts';
import { Measurements, type Metric } from './measurements.ts';
import { DIRECTIONS } from './metrics.ts';
import { type Options, type Part, parseOptions, USAGE } from './options.ts';
import { measureLarge } from './parts/large.ts';
import { measureLatency, playWith } from './parts/latency.ts';
import { measureIdle, measureMemory } from './parts/resources.ts';
import { measureSessions } from './parts/sessions.ts';
import { type Cell, cells, measureThroughput } from './parts/throughput.ts';
import { circumstances, formatTable, formatVerdicts, toJson } from './report.ts';
import { Stage } from './stage.ts';
import { judge } from './targets.ts';

class Bench {
  readonly measurements = new Measurements();
  readonly #options: Options;
  readonly #stage: Stage;
  /** Cells that a contender failed at are not tried again in its next turns. */
  readonly #failedCells = new Set<string>();

  constructor(options: Options, stage: Stage) {
    this.#options = options;
    this.#stage = stage;
  }

  async run(): Promise<void> {
    const { contenders, turns, parts } = this.#options;
    if (this.#has('sessions')) await this.#sessions();
    if (parts.size === 1 && this.#has('sessions')) return;
    await this.#floor();
    // Once before it counts: files come into the page cache, and GTK leaves what it has found out about the display
    // on the root window (GDK_VISUALS), without which the stock agent loads all of OpenGL: 75 MiB instead of 21.
    for (const name of contenders) await this.#attempt(name, 'warm-up', async () => {});
    // In turns, and every other time in the other order: a machine that slows down or speeds up then does so for both.
    for (let turn = 0; turn < turns; turn += 1) {
      const order = turn % 2 === 0 ? contenders : [...contenders].reverse();
      for (const name of order) await this.#turn(name, turn);
    }
    for (const name of contenders) {
      if (this.#has('memory')) {
        await this.#attempt(name, 'memory', (contender, tools) => measureMemory(contender, tools, this.measurements));
      }
      if (this.#has('idle')) {
        await this.#attempt(name, 'idle', (contender) =>
          measureIdle(contender, this.measurements, this.#options.idleSeconds),
        );
      }
      if (this.#has('large')) {
        for (const direction of DIRECTIONS) {
          await this.#attempt(name, `256 MiB ${direction}`, (contender, tools) =>
            measureLarge(contender, tools, this.measurements, direction),
          );
        }
      }
    }
  }

  async #floor(): Promise<void> {
    const { rounds, maxMebibytes } = this.#options;
    progress('floor: the tools without an agent');
    await measureFloor(this.#stage, this.measurements, {
      latencyRounds: this.#has('latency') ? rounds : 0,
      throughputUpTo: this.#has('throughput') ? maxMebibytes : 0,
    });
  }

  async #sessions(): Promise<void> {
    progress('sessions: 1, 10, 100, 200 of them, idle and switching');
    try {
      await measureSessions(this.measurements, this.#options.idleSeconds);
    } catch (error) {
      this.measurements.fail('clipmux', 'sessions', (error as Error).message);
    }
  }

  async #turn(name: ContenderName, turn: number): Promise<void> {
    const { rounds, turns, maxMebibytes } = this.#options;
    if (this.#has('latency')) {
      await this.#attempt(name, `latency, turn ${turn + 1} of ${turns}`, (_, tools) =>
        measureLatency(name, this.measurements, Math.ceil(rounds / turns), playWith(tools)),
      );
    }
    if (!this.#has('throughput')) return;
    let due = cells(maxMebibytes).filter((cell) => !this.#failedCells.has(keyOf(name, cell)));
    // A cell that fails costs its contender that cell: it is started anew for the rest.
    while (due.length > 0) {
      let current: Cell | undefined;
      const worked = await this.#attempt(name, `throughput, turn ${turn + 1} of ${turns}`, async (contender, tools) => {
        while (due.length > 0) {
          current = due[0] as Cell;
          await measureThroughput(contender, tools, this.measurements, current);
          due = due.slice(1);
        }
      });
      if (worked) break;
      if (!current) return; // it did not even start
      this.#failedCells.add(keyOf(name, current));
      due = due.slice(1);
    }
  }

  /** Runs something with a contender; what goes wrong is noted, and the run goes on. */
  async #attempt(name: ContenderName, what: string, use: Parameters<Stage['withContender']>[1]): Promise<boolean> {
    progress(`${name}: ${what}`);
    try {
      await this.#stage.withContender(name, use);
      return true;
    } catch (error) {
      const reason = (error as Error).message;
      progress(`${name}: ${what} failed: ${reason}`);
      this.measurements.fail(name, what, reason);
      return false;
    }
  }

  #has(part: Part): boolean {
    return this.#options.parts.has(part);
  }
}

function keyOf(name: ContenderName, { direction, kind, bytes }: Cell): string {
  return `${name} ${direction} ${kind} ${bytes}`;
}

function progress(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

/** Whether a target's metric belongs to what this run measures; a part that was run and failed counts. */
function isMeasured({ parts }: Options): (metric: Metric) => boolean {
  const words: Readonly<Record<Part, string>> = {
    latency: 'latency',
    throughput: 'throughput',
    memory: 'memory',
    idle: 'idle',
    large: '256 MiB',
    sessions: 'sessions',
  };
  return ({ name }) => {
    const part: Part | undefined = name.includes(words.large)
      ? 'large'
      : [...parts].find((candidate) => name.startsWith(words[candidate]));
    return part !== undefined && parts.has(part);
  };
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    console.log(USAGE);
    return;
  }
  const about = circumstances(options);
  console.log(
    `${about.date}\n${about.machine}\nNode ${about.node}, flags for clipmux ${about.nodeFlags}; against ${about.stock}\n`,
  );
  const stage = await Stage.open(options.nodeFlags);
  const bench = new Bench(options, stage);
  try {
    await bench.run();
  } finally {
    await stage.close();
  }
  const { measurements } = bench;
  console.log(`${formatTable(measurements)}\n`);
  for (const { subject, name, reason } of measurements.failures) console.log(`FAILED   ${subject}: ${name}: ${reason}`);
  const verdicts = options.contenders.length < 2 ? [] : judge(measurements, isMeasured(options));
  console.log(formatVerdicts(verdicts));
  if (options.jsonFile !== undefined) writeFileSync(options.jsonFile, toJson(about, measurements, verdicts));
  const failed = measurements.failures.some(({ subject }) => subject === 'clipmux');
  process.exitCode = failed || verdicts.some(({ met }) => !met) ? 1 : 0;
}

await main();
