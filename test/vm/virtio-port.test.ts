import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PortStatus } from '../../packages/multiplexer/src/port/index.ts';
import { until, within } from '../support/wait.ts';
import { Guest } from './guest.ts';
import type { GuestProcess } from './guest-process.ts';
import { bundle } from './image/bundle.ts';
import type { PortCommand, PortEvent } from './programs/port-protocol.ts';

const PORT = 'com.redhat.spice.0';
const DEVICE = `/dev/virtio-ports/${PORT}`;
const MEBIBYTE = 1024 * 1024;

const checksum = (data: Buffer) => createHash('sha256').update(data).digest('hex');

let guest: Guest;
let program: GuestProcess | undefined;
const hosts: Socket[] = [];
const figures: Record<string, unknown> = {};

beforeAll(async () => {
  const text = bundle(join(import.meta.dirname, 'programs/port-program.ts'));
  // To try another Node than this one: CLIPMUX_VM_NODE=.cache/nodes/18.19/bin/node npm run test:vm
  const { CLIPMUX_VM_NODE: node = process.execPath } = process.env;
  guest = await Guest.boot({
    ports: [PORT],
    node,
    files: [{ type: 'file', path: '/app/port-program.cjs', data: Buffer.from(text) }],
  });
  Object.assign(figures, { accelerator: guest.accelerator, kernel: guest.kernel, node: guest.node, ...guest.times });
});

afterEach(async () => {
  if (program !== undefined) {
    await guest.signal(program, 'SIGKILL');
    await within(program.exited, 'the program to end');
    program = undefined;
  }
  for (const host of hosts.splice(0)) await disconnect(host);
});

afterAll(async () => {
  console.log(
    `test:vm: ${JSON.stringify(figures, (_, value) => (typeof value === 'number' ? Math.round(value * 100) / 100 : value))}`,
  );
  await guest?.stop();
});

async function startProgram(
  method: 'pipe' | 'polling' = 'pipe',
  nodeOptions: readonly string[] = [],
): Promise<GuestProcess> {
  program = await guest.start(['node', ...nodeOptions, '/app/port-program.cjs', DEVICE, method]);
  return program;
}

/**
 * For counting wake-ups of ours alone. V8 looks every 8 s whether a heap that it has once collected could be made smaller, for as long as it
 * believes that the program allocates (--trace-gc-verbose shows "Memory reducer: waiting for 8000 ms").
 */
const WITHOUT_V8_WAKE_UPS = ['--no-memory-reducer'];

async function connectHost(): Promise<Socket> {
  const host = await guest.connectPort(PORT);
  host.on('error', () => {});
  hosts.push(host);
  return host;
}

async function disconnect(host: Socket): Promise<void> {
  if (host.closed) return;
  host.destroy();
  await once(host, 'close');
}

const tell = (command: PortCommand) => guest.input(program as GuestProcess, `${JSON.stringify(command)}\n`);

async function event<K extends PortEvent['event']>(
  kind: K,
  timeoutMs = 60_000,
): Promise<Extract<PortEvent, { event: K }>> {
  const line = await (program as GuestProcess).waitFor(
    (candidate) => (JSON.parse(candidate) as PortEvent).event === kind,
    `event ${kind}`,
    timeoutMs,
  );
  return JSON.parse(line) as Extract<PortEvent, { event: K }>;
}

async function status(): Promise<PortStatus> {
  await tell({ do: 'status' });
  return (await event('status')).status;
}

async function readExactly(stream: Socket, size: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let total = 0;
  while (total < size) {
    const piece = stream.read() as Buffer | null;
    if (piece === null) await within(once(stream, 'readable'), `${size - total} more bytes`, 120_000);
    else {
      pieces.push(piece);
      total += piece.length;
    }
  }
  return Buffer.concat(pieces);
}

/** Processor time and wake-ups of a process in the guest while nothing happens. */
async function idleCost(process_: GuestProcess, seconds: number) {
  const sample = async () => {
    const fields = (await guest.readFile(`/proc/${process_.pid}/stat`)).replace(/^.*\) /, '').split(' ');
    let switches = 0;
    for (const task of await guest.listFolder(`/proc/${process_.pid}/task`)) {
      const text = await guest.readFile(`/proc/${process_.pid}/task/${task}/status`);
      switches += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(text)?.[1]);
    }
    // utime and stime, in hundredths of a second (proc_pid_stat(5)).
    return { ticks: Number(fields[11]) + Number(fields[12]), switches };
  };
  const before = await sample();
  await wait(seconds * 1000);
  const after = await sample();
  return {
    processorPercent: (after.ticks - before.ticks) / seconds,
    wakeUpsPerSecond: (after.switches - before.switches) / seconds,
  };
}

describe.each(['pipe', 'polling'] as const)('a real virtio port, by %s', (method) => {
  it('carries 8 MiB each way unchanged', async () => {
    const host = await connectHost();
    await startProgram(method);
    await event('open');

    const data = randomBytes(8 * MEBIBYTE);
    await tell({ do: 'receive', size: data.length });
    await event('expecting');
    let begun = performance.now();
    host.write(data);
    expect((await event('received', 120_000)).sha256).toBe(checksum(data));
    const speed = () => (8 * 1000) / (performance.now() - begun);
    figures[`${method} MiB/s to the guest`] = speed();

    await tell({ do: 'send', size: 8 * MEBIBYTE });
    begun = performance.now();
    const arrived = await readExactly(host, 8 * MEBIBYTE);
    figures[`${method} MiB/s from the guest`] = speed();
    expect(checksum(arrived)).toBe((await event('sent')).sha256);
  });

  it('delivers what the host wrote before anybody in the guest had the port open', async () => {
    const host = await connectHost();
    host.write('early');
    await startProgram(method);
    await event('open');
    host.write(' and late');
    let text = '';
    while (text.length < 14) text += (await event('data')).text;
    expect(text).toBe('early and late');
  });
});

describe('a real virtio port', () => {
  it('waits for a host that is absent at the start', async () => {
    await startProgram();
    await until(async () => (await status()).failures >= 2, 'two attempts in vain');
    expect(await status()).toMatchObject({ state: 'waiting', opened: 0, lastError: { code: 'host-absent' } });
    const host = await connectHost();
    await event('open');
    host.write('here I am');
    expect((await event('data')).text).toBe('here I am');
  });

  it('opens again each time when the host goes and comes back', async () => {
    let host = await connectHost();
    await startProgram();
    await event('open');
    for (const round of ['first', 'second', 'third']) {
      host.write(round);
      expect((await event('data')).text).toBe(round);
      await tell({ do: 'confirm' });
      await disconnect(host);
      expect((await event('close')).kind).toBe('ended');
      host = await connectHost();
      await event('open');
    }
    await tell({ do: 'receive', size: MEBIBYTE });
    await event('expecting');
    const data = randomBytes(MEBIBYTE);
    host.write(data);
    expect((await event('received')).sha256).toBe(checksum(data));
  });

  it('names the process that holds the port, and opens it once that has gone', async () => {
    await connectHost();
    const holder = await guest.start(['sh', '-c', `exec sleep 1000 3<> ${DEVICE}`]);
    await until(
      async () => (await guest.readFile(`/proc/${holder.pid}/comm`)) === 'sleep\n',
      'the holder to have opened the port',
    );
    await startProgram();
    await until(async () => (await status()).failures >= 2, 'two attempts in vain');
    const { lastError } = await status();
    expect(lastError?.code).toBe('busy');
    expect(lastError?.message).toContain(`${DEVICE} is held by another process (sleep, pid ${holder.pid}): stop it`);
    expect(program?.stderr.match(/ warning /g)?.length).toBe(1);
    await guest.signal(holder, 'SIGKILL');
    await holder.exited;
    await event('open');
  });

  it('does not take more than it can send while the host reads nothing, and loses nothing', async () => {
    const host = await connectHost();
    host.pause();
    await startProgram();
    await event('open');
    const size = 48 * MEBIBYTE;
    await tell({ do: 'send', size });

    let sent = 0;
    for (;;) {
      const next = await event('progress', 5_000).catch(() => undefined);
      if (next === undefined) break;
      sent = next.sent;
    }
    expect(sent).toBeLessThan(size / 2);
    figures['MiB accepted while the host reads nothing'] = sent / MEBIBYTE;

    const arrived = await readExactly(host, size);
    const result = await event('sent');
    expect(checksum(arrived)).toBe(result.sha256);
    // One piece above what a stream holds before it says "enough".
    expect(result.buffered).toBeLessThanOrEqual(512 * 1024);
    figures['MiB resident at most'] = result.resident / MEBIBYTE;
  });

  it('costs nothing while connected and idle', async () => {
    await connectHost();
    const process_ = await startProgram('pipe', WITHOUT_V8_WAKE_UPS);
    await event('open');
    // Node's own start-up work goes on for a while on an emulated processor.
    await wait(5_000);
    const cost = await idleCost(process_, 20);
    figures['idle, connected'] = cost;
    // None is usual; the kernel may wake a thread now and then for reasons of its own.
    expect(cost.wakeUpsPerSecond).toBeLessThanOrEqual(0.1);
    expect(cost.processorPercent).toBeLessThanOrEqual(0.1);
  });

  it('costs next to nothing while the host is absent', async () => {
    const process_ = await startProgram('pipe', WITHOUT_V8_WAKE_UPS);
    await until(async () => (await status()).failures >= 7, 'the longest wait between attempts', 60_000);
    await wait(5_000);
    const cost = await idleCost(process_, 20);
    figures['idle, host absent'] = cost;
    // One attempt in 2.5 to 5 s, and what V8 has left to do for the commands above.
    expect(cost.wakeUpsPerSecond).toBeLessThan(2);
    expect(cost.processorPercent).toBeLessThan(2);
  });

  it('can be left at once with a read pending: by process.exit, by SIGTERM, and by closing', async () => {
    await connectHost();
    const leave = async (how: () => Promise<void>) => {
      const process_ = await startProgram();
      await event('open');
      const begun = performance.now();
      await how();
      const exit = await within(process_.exited, 'the program to end', 10_000);
      program = undefined;
      return { ...exit, milliseconds: performance.now() - begun };
    };
    const exit = await leave(() => tell({ do: 'exit' }));
    const signal = await leave(() => guest.signal(program as GuestProcess, 'SIGTERM'));
    const close = await leave(() => tell({ do: 'close' }));
    figures['ms to end'] = [exit.milliseconds, signal.milliseconds, close.milliseconds];
    expect([exit.code, signal.signal, close.code]).toEqual([3, 'SIGTERM', 0]);
    expect(Math.max(exit.milliseconds, signal.milliseconds, close.milliseconds)).toBeLessThan(2_000);
  });

  it('survives being unplugged, and opens the port when it is plugged in again', async () => {
    const host = await connectHost();
    await startProgram();
    await event('open');
    await guest.unplug(PORT);
    expect(['ended', 'failed']).toContain((await event('close')).kind);
    await until(async () => (await status()).lastError?.code === 'missing', 'the device to be missing');
    await disconnect(host);
    await guest.plug(PORT);
    const again = await connectHost();
    await event('open');
    again.write('back');
    expect((await event('data')).text).toBe('back');
  });
});
