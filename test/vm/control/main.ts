/** Runs in the guest as its only service: starts programs and reads files as the test orders. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Order, Report } from './protocol.ts';

const children = new Map<number, ChildProcess>();

function report(message: Report): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function start(command: readonly string[]): Promise<number> {
  const [program = '', ...parameters] = command;
  const child = spawn(program, parameters, { stdio: 'pipe' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => {
      const { pid } = child;
      if (pid === undefined) return;
      children.set(pid, child);
      // The answer with the pid must come before the first output.
      resolve(pid);
      setImmediate(() => follow(child, pid));
    });
  });
}

function follow(child: ChildProcess, pid: number): void {
  for (const source of ['stdout', 'stderr'] as const) {
    child[source]?.setEncoding('utf8').on('data', (text: string) => report({ event: 'output', pid, source, text }));
  }
  child.stdin?.on('error', () => {});
  child.once('close', (code, signal) => {
    children.delete(pid);
    report({ event: 'exit', pid, code, signal });
  });
}

async function obey(order: Order): Promise<string | number | readonly string[]> {
  switch (order.do) {
    case 'start':
      return start(order.command);
    case 'input':
      children.get(order.pid)?.stdin?.write(order.text);
      return '';
    case 'signal':
      children.get(order.pid)?.kill(order.signal);
      return '';
    case 'read':
      return readFileSync(order.path, 'utf8');
    case 'list':
      return readdirSync(order.path);
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line) as Order;
  obey(order).then(
    (value) => report({ event: 'answer', id: order.id, value }),
    (error: Error) => report({ event: 'refusal', id: order.id, message: error.message }),
  );
});
report({ event: 'ready', uptime: Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]), node: process.version });
