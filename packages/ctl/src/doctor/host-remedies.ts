import type { Remedy } from './finding.ts';

/** The port's name that QEMU, libvirt and SPICE use. */
const PORT_NAME = 'com.redhat.spice.0';

/** Lines that give a machine the port and let the host take part (QEMU's documentation of `-chardev qemu-vdagent`). */
const QEMU: Remedy = {
  where: "on the host, on QEMU's command line",
  lines: [
    '-chardev qemu-vdagent,id=vdagent,name=vdagent,clipboard=on',
    '-device virtio-serial-pci',
    `-device virtserialport,chardev=vdagent,name=${PORT_NAME}`,
  ],
};

/** https://libvirt.org/formatdomain.html#channel */
const LIBVIRT: Remedy = {
  where: 'on the host with libvirt (virsh edit DOMAIN), for VNC and local displays',
  lines: [
    "<channel type='qemu-vdagent'>",
    "  <source><clipboard copypaste='yes'/></source>",
    `  <target type='virtio' name='${PORT_NAME}'/>`,
    '</channel>',
  ],
};

const LIBVIRT_SPICE: Remedy = {
  where: 'or, for SPICE displays',
  lines: [`<channel type='spicevmc'>`, `  <target type='virtio' name='${PORT_NAME}'/>`, '</channel>'],
};

/** How to give the machine its port. */
export const ADD_THE_PORT: readonly Remedy[] = [QEMU, LIBVIRT, LIBVIRT_SPICE];

/** How to let the host's end share its clipboard. */
export const SHARE_THE_CLIPBOARD: readonly Remedy[] = [
  { where: "on the host, in QEMU's option", lines: ['-chardev qemu-vdagent,id=vdagent,name=vdagent,clipboard=on'] },
  {
    where: 'on the host with libvirt (virsh edit DOMAIN), in the channel of type qemu-vdagent',
    lines: ["<source><clipboard copypaste='yes'/></source>"],
  },
  {
    where: 'or, with SPICE, in the graphics element',
    lines: ["<clipboard copypaste='yes'/>"],
  },
];
