/**
 * A minimal Linux guest with real virtio-serial ports: Debian's kernel, busybox, this machine's own Node, and whatever files a test puts in. It
 * has no disk and no network; the test starts programs in it and reads their output over a serial line.
 *
 *   const guest = await Guest.boot({ ports: ['com.redhat.spice.0'], files: [...] });
 *   const program = await guest.start(['node', '/app/clipmuxd.cjs', '--port', '/dev/virtio-ports/com.redhat.spice.0', …]);
 *   const host = await guest.connectPort('com.redhat.spice.0');
 *   await guest.stop();
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stopProcess } from '../support/processes.ts';
import { until, within } from '../support/wait.ts';
import type { Order, Report } from './control/protocol.ts';
import { GuestProcess } from './guest-process.ts';
import { bundle } from './image/bundle.ts';
import type { CpioEntry } from './image/cpio.ts';
import { initramfs } from './image/initramfs.ts';
import { debianKernel } from './image/kernel.ts';
import { Monitor } from './monitor.ts';
import { type Accelerator, accelerator, portChardev, portDevice, sockets, startMachine } from './qemu.ts';

/** The whole file system, a Node of 100 MiB included, lies in memory, for a while twice. */
const DEFAULT_MEMORY_MEBIBYTES = 768;
/** An emulated processor on a busy machine. */
const BOOT_TIMEOUT_MS = 300_000;

export interface GuestOptions {
  /** Names of virtio-serial ports; each has its host's end at `portSocket(name)`. */
  readonly ports: readonly string[];
  readonly files?: readonly CpioEntry[];
  readonly memoryMebibytes?: number;
  /** The Node program of the guest, linked like this machine's; default: the one that runs this. */
  readonly node?: string;
}

/** What a guest took to start, in milliseconds. */
export interface BootTimes {
  /** Packages and initramfs. */
  readonly image: number;
  /** From QEMU's start until the guest's control program answers. */
  readonly boot: number;
}

type OrderBody = Order extends infer O ? (O extends Order ? Omit<O, 'id'> : never) : never;

export class Guest {
  readonly accelerator: Accelerator = accelerator();
  readonly times: BootTimes;
  readonly kernel: string;
  /** Version of the guest's Node. */
  readonly node: string;
  readonly #ports: readonly string[];
  readonly #folder: string;
  readonly #machine: ChildProcess;
  readonly #control: Socket;
  readonly #processes = new Map<number, GuestProcess>();
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #monitor: Monitor | undefined;
  #orders = 0;

  private constructor(
    ports: readonly string[],
    folder: string,
    machine: ChildProcess,
    control: Socket,
    times: BootTimes,
    kernel: string,
    node: string,
  ) {
    this.#ports = ports;
    this.#folder = folder;
    this.#machine = machine;
    this.#control = control;
    this.times = times;
    this.kernel = kernel;
    this.node = node;
  }

  /** Builds the guest's file system, starts the machine, and waits until programs can be started in it. */
  static async boot(options: GuestOptions): Promise<Guest> {
    const folder = mkdtempSync(join(tmpdir(), 'clipmux-vm-'));
    const begun = performance.now();
    const kernel = debianKernel();
    const initrd = join(folder, 'initrd');
    const control = bundle(join(import.meta.dirname, 'control/main.ts'));
    writeFileSync(initrd, initramfs(kernel, options.node ?? process.execPath, control, options.files ?? []));

    const built = performance.now();
    const memoryMebibytes = options.memoryMebibytes ?? DEFAULT_MEMORY_MEBIBYTES;
    const machine = startMachine({ kernel: kernel.path, initrd, memoryMebibytes, ports: options.ports, folder });
    try {
      await until(() => existsSync(sockets.control(folder)), "QEMU's control socket");
      const control = connect(sockets.control(folder));
      await once(control, 'connect');
      const lines = createInterface({ input: control });
      const dead = once(machine, 'exit').then(() => Promise.reject(new Error('QEMU ended')));
      const first = once(lines, 'line') as Promise<[string]>;
      const [line] = await within(Promise.race([first, dead]), 'the guest to boot', BOOT_TIMEOUT_MS);
      const ready = JSON.parse(line) as Extract<Report, { event: 'ready' }>;
      dead.catch(() => {});
      rmSync(initrd);
      const times = { image: built - begun, boot: performance.now() - built };
      const guest = new Guest(options.ports, folder, machine, control, times, kernel.version, ready.node);
      lines.on('line', (line) => guest.#take(JSON.parse(line) as Report));
      await guest.#linkPorts();
      return guest;
    } catch (error) {
      machine.kill('SIGKILL');
      const log = sockets.console(folder);
      const said = existsSync(log) ? readFileSync(log, 'latin1').slice(-4000) : '';
      throw new Error(`${(error as Error).message}. The guest's console:\n${said}`);
    }
  }

  /** The host's end of a port: a unix socket on which QEMU listens. */
  portSocket(port: string): string {
    return sockets.port(this.#folder, port);
  }

  /** Becomes the port's host. */
  async connectPort(port: string): Promise<Socket> {
    const socket = connect(this.portSocket(port));
    await once(socket, 'connect');
    return socket;
  }

  /** Starts a program; it has pipes as standard input and output. */
  async start(command: readonly string[]): Promise<GuestProcess> {
    const pid = (await this.#order({ do: 'start', command })) as number;
    return this.#process(pid);
  }

  /** Runs a program to its end. */
  async run(command: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const process_ = await this.start(command);
    const { code } = await process_.exited;
    return { code, stdout: process_.lines.join('\n'), stderr: process_.stderr };
  }

  async input(process_: GuestProcess, text: string): Promise<void> {
    await this.#order({ do: 'input', pid: process_.pid, text });
  }

  async signal(process_: GuestProcess, signal: NodeJS.Signals): Promise<void> {
    await this.#order({ do: 'signal', pid: process_.pid, signal });
  }

  async readFile(path: string): Promise<string> {
    return (await this.#order({ do: 'read', path })) as string;
  }

  async listFolder(path: string): Promise<readonly string[]> {
    return (await this.#order({ do: 'list', path })) as readonly string[];
  }

  /** Takes a port out of the running machine. */
  async unplug(port: string): Promise<void> {
    this.#monitor ??= await Monitor.connect(sockets.monitor(this.#folder));
    await this.#monitor.execute('device_del', { id: portDevice(this.#ports.indexOf(port)) });
  }

  /** Puts a port back that was unplugged. */
  async plug(port: string): Promise<void> {
    this.#monitor ??= await Monitor.connect(sockets.monitor(this.#folder));
    const index = this.#ports.indexOf(port);
    await this.#monitor.execute('device_add', {
      driver: 'virtserialport',
      id: portDevice(index),
      chardev: portChardev(index),
      name: port,
      nr: index + 1,
    });
    await this.#linkPorts();
  }

  /** What the kernel, and programs that write to the console, said. */
  console(): string {
    return readFileSync(sockets.console(this.#folder), 'latin1');
  }

  /** Ends the machine; nothing in it is worth saving. */
  async stop(): Promise<void> {
    this.#monitor?.close();
    this.#control.destroy();
    await stopProcess(this.#machine, 'SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The kernel finds ports some time after the driver is loaded, and there is no udev to wait for them. */
  async #linkPorts(): Promise<void> {
    await until(async () => {
      await this.run(['link-ports']);
      const links = await this.listFolder('/dev/virtio-ports');
      return this.#ports.every((port) => links.includes(port));
    }, 'the guest to have all its ports');
  }

  #order(body: OrderBody): Promise<unknown> {
    const id = ++this.#orders;
    const answer = new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    this.#control.write(`${JSON.stringify({ id, ...body })}\n`);
    return within(answer, `the guest to answer ${body.do}`, 60_000);
  }

  #process(pid: number): GuestProcess {
    const process_ = this.#processes.get(pid) ?? new GuestProcess(pid);
    this.#processes.set(pid, process_);
    return process_;
  }

  #take(report: Report): void {
    switch (report.event) {
      case 'ready':
        break;
      case 'answer':
        this.#waiting.get(report.id)?.resolve(report.value);
        this.#waiting.delete(report.id);
        break;
      case 'refusal':
        this.#waiting.get(report.id)?.reject(new Error(`the guest refused: ${report.message}`));
        this.#waiting.delete(report.id);
        break;
      case 'output':
        this.#process(report.pid).output(report.source, report.text);
        break;
      case 'exit':
        this.#process(report.pid).emit('exit', { code: report.code, signal: report.signal });
        this.#processes.delete(report.pid);
        break;
    }
  }
}
