import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianPackage, kernelPackage } from './debian.ts';

/** What a virtio-serial port needs beside the kernel, in the order of loading (each one's `depends` in modinfo). */
const MODULES = [
  'virtio/virtio_ring',
  'virtio/virtio',
  'virtio/virtio_pci_legacy_dev',
  'virtio/virtio_pci_modern_dev',
  'virtio/virtio_pci',
  'char/virtio_console',
];

export interface Kernel {
  /** The bootable file. */
  readonly path: string;
  readonly version: string;
  /** Modules to load, in order. */
  readonly modules: readonly { readonly name: string; readonly data: Buffer }[];
}

/** Debian's kernel for virtual machines: small, and just what real guests run. */
export function debianKernel(): Kernel {
  const folder = debianPackage(kernelPackage('linux-image-cloud-amd64'), "the guest's kernel");
  const version = readdirSync(join(folder, 'lib/modules'))[0];
  if (version === undefined) throw new Error(`no kernel modules in ${folder}`);
  const drivers = join(folder, 'lib/modules', version, 'kernel/drivers');
  return {
    path: join(folder, 'boot', `vmlinuz-${version}`),
    version,
    modules: MODULES.map((name) => ({
      name: name.split('/')[1] ?? name,
      data: readFileSync(join(drivers, `${name}.ko`)),
    })),
  };
}

/** A static shell with the usual small programs, for the guest. */
export function busybox(): Buffer {
  return readFileSync(join(debianPackage('busybox-static', "the guest's shell"), 'bin/busybox'));
}
