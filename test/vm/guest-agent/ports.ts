import { join } from 'node:path';

/** The guest agent's port as libvirt and QEMU's own agent know it. */
export const QEMU_PORT = 'org.qemu.guest_agent.0';
/** clipmuxd's port beside that one. */
export const BESIDE_PORT = 'org.clipmux.guest_agent.0';
/** On which sessions call the host. */
export const CALLS_PORT = 'org.clipmux.host.0';

/** The socket on which QEMU listens for the host's end of a port. It takes one connection at a time. */
export const agentSocket = (folder: string, port: string): string => join(folder, `${port}.sock`);

/** A port's parts for QEMU's monitor, as device_add takes them. */
export const agentDevice = (port: string) => {
  const id = port.replaceAll('.', '-');
  return { driver: 'virtserialport', id: `port-${id}`, chardev: `chardev-${id}`, name: port };
};

/** QEMU's parameters for these ports, each with its host's end at a unix socket. */
export const agentPorts = (folder: string, ports: readonly string[]): string[] =>
  ports.flatMap((port) => {
    const { driver, id, chardev, name } = agentDevice(port);
    return [
      ...['-chardev', `socket,id=${chardev},path=${agentSocket(folder, port)},server=on,wait=off`],
      ...['-device', `${driver},id=${id},chardev=${chardev},name=${name}`],
    ];
  });
