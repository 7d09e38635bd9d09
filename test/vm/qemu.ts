import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';

const QEMU = 'qemu-system-x86_64';

export type Accelerator = 'kvm' | 'tcg';

/**
 * KVM where it can run a kernel: /dev/kvm alone says nothing, in a virtual machine without nested virtualization the processor's flag is missing.
 */
export function accelerator(): Accelerator {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return /^flags\s*:.*\b(svm|vmx)\b/m.test(readFileSync('/proc/cpuinfo', 'latin1')) ? 'kvm' : 'tcg';
  } catch {
    return 'tcg';
  }
}

export interface MachineOptions {
  readonly kernel: string;
  readonly initrd: string;
  readonly memoryMebibytes: number;
  /** Names of virtio-serial ports. */
  readonly ports: readonly string[];
  /** For sockets: see `sockets`. */
  readonly folder: string;
}

/** Where the machine's ends are, in its folder. */
export const sockets = {
  console: (folder: string) => join(folder, 'console.log'),
  control: (folder: string) => join(folder, 'control.sock'),
  monitor: (folder: string) => join(folder, 'monitor.sock'),
  port: (folder: string, name: string) => join(folder, `${name}.sock`),
};

/** Identifiers of a port's parts for QEMU, which allows no dots at their beginning and needs them unique. */
export const portDevice = (index: number) => `port${index}`;
export const portChardev = (index: number) => `chardev${index}`;

/** Starts the virtual machine. It ends with this process, whatever happens to it. */
export function startMachine(options: MachineOptions): ChildProcess {
  try {
    execFileSync(QEMU, ['--version'], { stdio: 'ignore' });
  } catch {
    throw new Error(
      `${QEMU} is not on the PATH, and the port can only be tried in a virtual machine: sh scripts/setup.sh vm`,
    );
  }
  const { folder } = options;
  const kind = accelerator();
  const parameters = [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...[
      '-machine',
      'pc',
      '-accel',
      kind,
      '-cpu',
      kind === 'kvm' ? 'host' : 'max',
      '-m',
      String(options.memoryMebibytes),
    ],
    ...['-kernel', options.kernel, '-initrd', options.initrd],
    ...['-append', 'console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on tsc=reliable'],
    ...['-chardev', `file,id=console,path=${sockets.console(folder)}`, '-device', 'isa-serial,chardev=console'],
    ...['-chardev', `socket,id=control,path=${sockets.control(folder)},server=on,wait=off`],
    ...['-device', 'isa-serial,chardev=control'],
    ...['-qmp', `unix:${sockets.monitor(folder)},server=on,wait=off`],
    ...['-device', 'virtio-serial-pci,id=serial'],
    ...options.ports.flatMap((name, index) => [
      ...['-chardev', `socket,id=${portChardev(index)},path=${sockets.port(folder, name)},server=on,wait=off`],
      ...[
        '-device',
        `virtserialport,id=${portDevice(index)},chardev=${portChardev(index)},name=${name},nr=${index + 1}`,
      ],
    ]),
  ];
  return spawn('setpriv', ['--pdeathsig', 'KILL', QEMU, ...parameters], { stdio: ['ignore', 'ignore', 'inherit'] });
}
