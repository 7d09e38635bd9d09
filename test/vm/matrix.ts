/** What crossed between which ends: printed at the end of a run. */
import { performance } from 'node:perf_hooks';

export interface MatrixRow {
  readonly agent: 'clipmux' | 'spice-vdagent';
  readonly host: string;
  readonly direction: 'host → guest' | 'guest → host';
  readonly selection: 'clipboard' | 'primary';
  readonly content: string;
}

interface Result extends MatrixRow {
  readonly works: boolean;
  readonly milliseconds: number;
  readonly attempts: number;
  readonly why: string;
}

/** A case that fails is tried once more, and reported as such. */
const ATTEMPTS = 2;

export class Matrix {
  readonly #results: Result[] = [];

  /** Runs a case and notes how it went. Rejects with the last attempt's error. */
  async row(row: MatrixRow, attempt: () => Promise<void>): Promise<void> {
    for (let number = 1; ; number += 1) {
      const begun = performance.now();
      try {
        await attempt();
        this.#note(row, number, performance.now() - begun, '');
        return;
      } catch (error) {
        if (number < ATTEMPTS) continue;
        this.#note(row, number, performance.now() - begun, (error as Error).message.split('\n')[0] ?? '');
        throw error;
      }
    }
  }

  /** Runs a case of the stock agent: whether it works is noted, and judged by nobody. */
  async compare(row: MatrixRow, attempt: () => Promise<void>): Promise<void> {
    await this.row(row, attempt).catch(() => {});
  }

  toString(): string {
    return this.#results.map(line).join('\n');
  }

  #note(row: MatrixRow, attempts: number, milliseconds: number, why: string): void {
    const result = { ...row, attempts, milliseconds, works: why === '', why };
    this.#results.push(result);
    console.log(line(result));
  }
}

function line(result: Result): string {
  return [
    result.agent.padEnd(13),
    result.host.padEnd(20),
    result.direction,
    result.selection.padEnd(9),
    result.content.padEnd(15),
    result.works ? `${Math.round(result.milliseconds)} ms`.padStart(9) : '    FAILS',
    result.attempts > 1 ? `(attempt ${result.attempts}) ${result.why}` : '',
  ]
    .join('  ')
    .trimEnd();
}
