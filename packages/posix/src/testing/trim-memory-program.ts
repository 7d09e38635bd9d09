/**
 * Run by trim-memory.test.ts with --expose-gc. Allocates 50 MiB in blocks below malloc's threshold for mmap, with one at their end
 * that stays (so that malloc keeps the rest), frees them, trims, and prints the resident kilobytes before and after.
 */
import { readFileSync } from 'node:fs';
import { trimMemory } from '../trim-memory.ts';

const BLOCK = 100 * 1024;
const resident = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]);

trimMemory();
let blocks: Buffer[] = Array.from({ length: 512 }, () => Buffer.alloc(BLOCK, 1));
const last = Buffer.alloc(BLOCK, 1);
blocks = [];
globalThis.gc?.();
// The collector frees buffers on a thread of its own.
setTimeout(() => {
  const before = resident();
  const done = trimMemory();
  process.stdout.write(JSON.stringify({ done, before, after: resident(), kept: last.length + blocks.length }));
}, 300);
