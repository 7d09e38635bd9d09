/** The desktop guest as a domain of libvirt's. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BOOT_TIMEOUT_MS,
  installPackage,
  journalOf,
  KERNEL_PARAMETERS,
  MEMORY_MEBIBYTES,
  type RunningDesktop,
  sessionOf,
} from '../desktop/desktop.ts';
import { freePort } from '../desktop/free-port.ts';
import { type DesktopImage, desktopImage } from '../desktop/image.ts';
import type { Journal } from '../desktop/journal.ts';
import type { User } from '../desktop/recipe.ts';
import { Shell } from '../desktop/shell.ts';
import { QEMU_PORT } from '../guest-agent/ports.ts';
import { accelerator } from '../qemu.ts';
import { Virsh } from './virsh.ts';

/** The domain's name. */
export const DOMAIN = 'guest';

export class LibvirtDesktop implements RunningDesktop {
  readonly virsh: Virsh;
  readonly shell: Shell;
  readonly journal: Journal;
  readonly #folder: string;

  private constructor(folder: string, virsh: Virsh, shell: Shell) {
    this.#folder = folder;
    this.virsh = virsh;
    this.shell = shell;
    this.journal = journalOf(shell);
  }

  /** Starts the domain, and waits until root can run commands in it. */
  static async boot(): Promise<LibvirtDesktop> {
    const image = desktopImage();
    const folder = mkdtempSync(join(tmpdir(), 'clipmux-libvirt-'));
    const port = await freePort();
    const definition = join(folder, 'domain.xml');
    const log = join(folder, 'console.log');
    writeFileSync(definition, domainXml(image, port, log));
    const virsh = Virsh.start(folder);
    const shell = new Shell(port, image.key, folder);
    try {
      await virsh.run(`create ${definition}`);
      await shell.ready(BOOT_TIMEOUT_MS);
      return new LibvirtDesktop(folder, virsh, shell);
    } catch (error) {
      await virsh.stop();
      let said = '';
      try {
        said = readFileSync(log, 'latin1').slice(-4000);
      } catch {
        // It did not come that far.
      }
      rmSync(folder, { recursive: true, force: true });
      throw new Error(`${(error as Error).message}. The guest's console:\n${said}`);
    }
  }

  session(user: User) {
    return sessionOf(this.shell, user);
  }

  install(deb: string): Promise<void> {
    return installPackage(this.shell, deb);
  }

  async stop(): Promise<void> {
    this.journal.close();
    await this.shell.close();
    await this.virsh.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The channel is what docs/guest-agent.md and libvirt's own documentation write; disk and network are as for the other desktop guests. */
function domainXml(image: DesktopImage, port: number, console_: string): string {
  const kind = accelerator();
  const extra = [
    ...['-drive', `file=${image.disk},format=raw,if=none,id=disk,snapshot=on,cache=unsafe`],
    ...['-device', 'virtio-blk-pci,drive=disk,addr=0x1c'],
    ...['-netdev', `user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:22`],
    ...['-device', 'virtio-net-pci,netdev=net,addr=0x1d'],
  ];
  return `<domain type='${kind === 'kvm' ? 'kvm' : 'qemu'}' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>${DOMAIN}</name>
  <memory unit='MiB'>${MEMORY_MEBIBYTES}</memory>
  <vcpu>2</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>${image.kernel}</kernel>
    <initrd>${image.initrd}</initrd>
    <cmdline>${KERNEL_PARAMETERS}</cmdline>
  </os>
  <features><acpi/></features>
  <cpu mode='${kind === 'kvm' ? 'host-passthrough' : 'maximum'}'/>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <serial type='file'><source path='${console_}'/></serial>
    <channel type='unix'>
      <source mode='bind'/>
      <target type='virtio' name='${QEMU_PORT}'/>
    </channel>
    <video><model type='vga'/></video>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
  </devices>
  <qemu:commandline>
${extra.map((value) => `    <qemu:arg value='${value}'/>`).join('\n')}
  </qemu:commandline>
</domain>
`;
}
