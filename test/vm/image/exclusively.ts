import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from './cache.ts';

/** How often to look whether another process has finished. */
const LOOK_AGAIN_MS = 250;

/**
 * Does some work that makes a thing for all tests, while no other process does the same: two test files run at a time. Blocks until then; who comes
 * second finds it made.
 * @param name of the thing, for a file in the cache
 */
export function exclusively<T>(name: string, work: () => T): T {
  mkdirSync(CACHE, { recursive: true });
  const lock = join(CACHE, `${name}.lock`);
  while (!taken(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_AGAIN_MS);
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function taken(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  // A run that was killed leaves its lock.
  if (!lives(lock)) rmSync(lock, { force: true });
  return false;
}

function lives(lock: string): boolean {
  try {
    const holder = Number(readFileSync(lock, 'utf8'));
    // Just made, and not written yet.
    if (holder === 0) return true;
    process.kill(holder, 0);
    return true;
  } catch {
    return false;
  }
}
