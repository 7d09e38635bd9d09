import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { stopProcess } from '../support/processes.ts';
import { cpuSecondsOf, memoryOf, resetPeak, wakeUpsOf } from './process-usage.ts';

const children: ReturnType<typeof spawn>[] = [];

/** A process that does `script` and then says "done". */
async function start(script: string): Promise<number> {
  const child = spawn(process.execPath, ['-e', `${script}; console.log('done')`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child.pid as number;
}

afterEach(() => Promise.all(children.splice(0).map((child) => stopProcess(child, 'SIGKILL'))));

test('the memory and the CPU time of a process that works are seen', async () => {
  const pid = await start(`
    const buffer = Buffer.alloc(64 * 1024 * 1024, 1);
    const end = Date.now() + 300;
    while (Date.now() < end);
    setInterval(() => buffer, 1e6)`);
  const memory = memoryOf(pid);
  expect(memory.private).toBeGreaterThan(64);
  expect(memory.rss).toBeGreaterThan(memory.private);
  expect(memory.peak).toBeGreaterThanOrEqual(memory.rss - 1);
  expect(cpuSecondsOf(pid)).toBeGreaterThan(0.15);
});

test('the peak can begin anew', async () => {
  const pid = await start(`
    let buffer = Buffer.alloc(128 * 1024 * 1024, 1);
    buffer = undefined;
    require('node:v8').setFlagsFromString('--expose-gc');
    require('node:vm').runInNewContext('gc')();
    setInterval(() => {}, 1e6)`);
  expect(memoryOf(pid).peak).toBeGreaterThan(128);
  resetPeak(pid);
  expect(memoryOf(pid).peak).toBeLessThan(128);
});

test('a process with a timer wakes up, and one without does not', async () => {
  const ticking = await start('setInterval(() => {}, 10)');
  const idle = await start('setInterval(() => {}, 1e6)');
  await new Promise((resolve) => setTimeout(resolve, 1000)); // what start-up leaves behind in V8's threads
  const before = [wakeUpsOf(ticking), wakeUpsOf(idle)] as const;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(wakeUpsOf(ticking) - before[0]).toBeGreaterThan(20);
  expect(wakeUpsOf(idle) - before[1]).toBeLessThan(5);
});
