/**
 * vitest's global set-up of the tests in virtual machines: gathers the rows of all files, and prints them as one table when all have run, clipmux's
 * beside the stock agent's.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { formatRows, type Result } from './matrix-rows.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder for the rows of each file. */
    matrixFolder: string;
  }
}

export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'clipmux-matrix-'));
  project.provide('matrixFolder', folder);
  return () => {
    const rows = readdirSync(folder)
      .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean))
      .map((line) => JSON.parse(line) as Result);
    rmSync(folder, { recursive: true });
    if (rows.length > 0)
      process.stdout.write(`\nWhat crosses, clipmux beside spice-vdagent:\n${formatRows(inOrder(rows))}\n`);
  };
}

/** The same case of both agents next to each other. */
function inOrder(rows: readonly Result[]): Result[] {
  const key = ({ host, direction, selection, content, agent }: Result) =>
    [host, direction, selection, content, agent].join('\0');
  return [...rows].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
