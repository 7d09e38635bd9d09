/**
 * A Debian guest with a display manager and two users, as people have them, under QEMU. Commands run in it over ssh.
 *
 *   const desktop = await Desktop.boot({ devices: [...] });
 *   await desktop.install('dist/clipmux_0.1.0_amd64.deb');
 *   await desktop.session('alice').copy('text');
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ended, stopProcess } from '../../support/processes.ts';
import { Monitor } from '../monitor.ts';
import { type Accelerator, accelerator } from '../qemu.ts';
import { freePort } from './free-port.ts';
import { type DesktopImage, desktopImage } from './image.ts';
import { Journal } from './journal.ts';
import type { User } from './recipe.ts';
import { GuestSession } from './session.ts';
import { Shell } from './shell.ts';

export const MEMORY_MEBIBYTES = 1536;
/** An emulated processor on a busy machine. */
export const BOOT_TIMEOUT_MS = 300_000;
/** apt, and the start of what it installs, on such a machine. */
const INSTALL_TIMEOUT_MS = 300_000;

export interface DesktopOptions {
  /** QEMU's parameters for what is under test; `folder` is for sockets. */
  devices(folder: string): readonly string[];
  readonly vga?: 'std' | 'qxl';
}

export class Desktop {
  readonly accelerator: Accelerator = accelerator();
  /** Seconds, from QEMU's start until root can log in. */
  readonly bootSeconds: number;
  readonly shell: Shell;
  #journal: Journal;
  readonly monitor: Monitor;
  readonly folder: string;
  /** Resolves when the machine has ended. */
  readonly ended: Promise<void>;
  readonly #machine: ChildProcess;

  private constructor(folder: string, machine: ChildProcess, shell: Shell, monitor: Monitor, bootSeconds: number) {
    this.folder = folder;
    this.#machine = machine;
    this.ended = ended(machine);
    this.shell = shell;
    this.monitor = monitor;
    this.bootSeconds = bootSeconds;
    this.#journal = journalOf(shell);
  }

  /** The guest's journal since its start. Another one after `reconnect`. */
  get journal(): Journal {
    return this.#journal;
  }

  /** Logs in anew: a guest that was restored from a snapshot knows nothing of the connection that is there. */
  async reconnect(): Promise<void> {
    this.#journal.close();
    await this.shell.close();
    await this.shell.ready(BOOT_TIMEOUT_MS);
    this.#journal = journalOf(this.shell);
  }

  /** Starts the machine on a disk of its own, and waits until root can run commands. */
  static async boot(options: DesktopOptions): Promise<Desktop> {
    const image = desktopImage();
    const folder = mkdtempSync(join(tmpdir(), 'clipmux-desktop-'));
    const port = await freePort();
    const begun = performance.now();
    const machine = spawn(
      'setpriv',
      ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...parameters(folder, image, port, options)],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const shell = new Shell(port, image.key, folder);
    try {
      const dead = once(machine, 'exit').then(([code]) => Promise.reject(new Error(`QEMU ended with ${code}`)));
      dead.catch(() => {});
      await Promise.race([shell.ready(BOOT_TIMEOUT_MS), dead]);
      const bootSeconds = (performance.now() - begun) / 1000;
      const monitor = await Monitor.connect(join(folder, 'monitor.sock'));
      return new Desktop(folder, machine, shell, monitor, bootSeconds);
    } catch (error) {
      machine.kill('SIGKILL');
      const log = join(folder, 'console.log');
      const said = existsSync(log) ? readFileSync(log, 'latin1').slice(-4000) : '';
      throw new Error(`${(error as Error).message}. The guest's console:\n${said}`);
    }
  }

  /** A user's graphical session. alice's is made by the display manager; for bob's see `logIn`. */
  session(user: User): GuestSession {
    return sessionOf(this.shell, user);
  }

  /** Installs a Debian package of this machine with apt. */
  install(deb: string): Promise<void> {
    return installPackage(this.shell, deb);
  }

  /** Ends the machine; nothing in it is worth saving. */
  async stop(): Promise<void> {
    this.#journal.close();
    this.monitor.close();
    await this.shell.close();
    await stopProcess(this.#machine, 'SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A guest of this image, whoever has started it. */
export type RunningDesktop = Pick<Desktop, 'shell' | 'journal' | 'install' | 'session'>;

/** The guest's journal since its start. */
export function journalOf(shell: Shell): Journal {
  const fields = 'MESSAGE,_SYSTEMD_UNIT,_SYSTEMD_USER_UNIT,UNIT';
  return new Journal(shell.start(`exec journalctl --follow --no-tail --quiet --output=json --output-fields=${fields}`));
}

/** Installs a Debian package of this machine with apt. */
export async function installPackage(shell: Shell, deb: string): Promise<void> {
  await shell.succeed('cat >/tmp/package.deb', { input: await readFile(deb) });
  await shell.succeed(
    'DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends /tmp/package.deb',
    { timeoutMs: INSTALL_TIMEOUT_MS },
  );
}

export const sessionOf = (shell: Shell, user: User): GuestSession =>
  new GuestSession(shell, user, user === 'alice' ? ':0' : ':8');

/** What the kernel of the image is told. */
export const KERNEL_PARAMETERS =
  'root=/dev/vda rw console=ttyS0 quiet mitigations=off random.trust_cpu=on net.ifnames=0';

function parameters(folder: string, image: DesktopImage, port: number, options: DesktopOptions): string[] {
  const kind = accelerator();
  return [
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-machine', 'pc', '-accel', kind],
    ...['-cpu', kind === 'kvm' ? 'host' : 'max', '-smp', '2', '-m', String(MEMORY_MEBIBYTES)],
    ...['-kernel', image.kernel, '-initrd', image.initrd],
    ...['-append', KERNEL_PARAMETERS],
    // What the guest writes goes to a file of this run, which is already deleted.
    ...['-drive', `file=${image.disk},format=raw,if=virtio,snapshot=on,cache=unsafe`],
    ...['-netdev', `user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:22`],
    ...['-device', 'virtio-net-pci,netdev=net', '-device', 'virtio-rng-pci'],
    ...['-vga', options.vga ?? 'std', '-device', 'qemu-xhci', '-device', 'usb-tablet'],
    ...['-chardev', `file,id=console,path=${join(folder, 'console.log')}`, '-device', 'isa-serial,chardev=console'],
    ...['-qmp', `unix:${join(folder, 'monitor.sock')},server=on,wait=off`],
    ...['-device', 'virtio-serial-pci,id=serial'],
    ...options.devices(folder),
  ];
}
