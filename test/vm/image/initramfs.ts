import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { type CpioEntry, cpio } from './cpio.ts';
import { busybox, type Kernel } from './kernel.ts';

/** Where the guest has it. */
const NODE = '/usr/bin/node';
/** Programs of busybox that the guest's scripts use. */
const APPLETS = [
  'sh',
  'mount',
  'insmod',
  'ln',
  'mkdir',
  'cat',
  'stty',
  'sleep',
  'poweroff',
  'setsid',
  'dd',
  'ps',
  'kill',
  'ls',
  'rm',
];

/**
 * Process 1. It makes the links that udev would make for virtio ports (their names are in sysfs), and runs the program given on the second serial
 * line, whose other end is the test's.
 */
const INIT = `#!/bin/sh
export PATH=/bin:/usr/bin HOME=/
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /tmp /dev/virtio-ports
while read -r module; do insmod /modules/$module.ko; done < /modules/order
stty -F /dev/ttyS1 raw -echo
node /control.cjs < /dev/ttyS1 > /dev/ttyS1 2> /dev/console
poweroff -f
`;

const LINK_PORTS = `#!/bin/sh
rm -f /dev/virtio-ports/*
for port in /sys/class/virtio-ports/*; do
  name=; [ -e "$port/name" ] && read -r name < "$port/name"
  [ -n "$name" ] && ln -sf "../\${port##*/}" "/dev/virtio-ports/$name"
done
exit 0
`;

/** The guest's whole file system: busybox, a Node with its libraries, the kernel's modules and the files given. */
export function initramfs(kernel: Kernel, node: string, control: string, files: readonly CpioEntry[]): Buffer {
  const script = (path: string, text: string): CpioEntry => ({
    type: 'file',
    path,
    data: Buffer.from(text),
    executable: true,
  });
  return cpio([
    script('/init', INIT),
    script('/bin/link-ports', LINK_PORTS),
    { type: 'file', path: '/bin/busybox', data: busybox(), executable: true },
    ...APPLETS.map((applet): CpioEntry => ({ type: 'link', path: `/bin/${applet}`, target: 'busybox' })),
    { type: 'file', path: NODE, data: readFileSync(realpathSync(node)), executable: true },
    ...libraries(node),
    ...kernel.modules.map(({ name, data }): CpioEntry => ({ type: 'file', path: `/modules/${name}.ko`, data })),
    script('/modules/order', `${kernel.modules.map(({ name }) => name).join('\n')}\n`),
    { type: 'folder', path: '/proc' },
    { type: 'folder', path: '/sys' },
    { type: 'folder', path: '/dev' },
    script('/control.cjs', control),
    ...files,
  ]);
}

/** The shared libraries of a program, each at its own path, with the loader. */
function libraries(program: string): CpioEntry[] {
  const listing = execFileSync('ldd', [program], { encoding: 'utf8' });
  const paths = listing.match(/\/\S+/g) ?? [];
  return paths.map((path) => ({ type: 'file', path, data: readFileSync(path), executable: true }));
}
