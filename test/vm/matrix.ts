/** What crossed between which ends: printed at the end of a run. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { inject } from 'vitest';
import { formatRow, formatRows, type MatrixRow, type Result } from './matrix-rows.ts';

export type { MatrixRow };

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
    return formatRows(this.#results);
  }

  #note(row: MatrixRow, attempts: number, milliseconds: number, why: string): void {
    const result = { ...row, attempts, milliseconds, works: why === '', why };
    this.#results.push(result);
    console.log(formatRow(result));
    // For the table of all files (whole-matrix.ts); a file has one process.
    appendFileSync(join(inject('matrixFolder'), `${process.pid}`), `${JSON.stringify(result)}\n`);
  }
}
