import { join } from 'node:path';

/** The port, with its host's end at a unix socket on which QEMU listens. */
export const socketPort = (folder: string): string[] => [
  ...['-chardev', `socket,id=vdagent,path=${socketPath(folder)},server=on,wait=off`],
  ...['-device', 'virtserialport,chardev=vdagent,name=com.redhat.spice.0'],
];

export const socketPath = (folder: string): string => join(folder, 'port.sock');
