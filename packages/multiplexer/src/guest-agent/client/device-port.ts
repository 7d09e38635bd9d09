import { realpathSync } from 'node:fs';
import type { Logger } from '@clipmux/posix';
import { CharacterDeviceTransport, PortKeeper, type PortTransport } from '../../port/index.ts';
import { DEVICE_RETRY_CEILING_MS } from '../limits.ts';
import { Channel, type MessageAnswerer } from './channel.ts';
import type { ClientPort } from './client-port.ts';

/** How the kernel calls a virtio port (init_port_console in linux/drivers/char/virtio_console.c), and where udev puts a link of its name. */
const VIRTIO_PORT = /^\/dev\/vport\d+p\d+$/;
const VIRTIO_LINK = /^\/dev\/virtio-ports\//;

/** A virtio port or another character device whose host speaks to the guest agent. It is kept open; that the host goes away ends nothing. */
export class DevicePort implements ClientPort {
  readonly #keeper: PortKeeper;

  constructor(transport: PortTransport, answerer: MessageAnswerer, logger: Logger) {
    this.#keeper = new PortKeeper({ transport, logger });
    let channel: Channel | undefined;
    this.#keeper.on('open', (stream) => {
      channel = new Channel(stream, { answerer, confirmed: () => this.#keeper.confirm() });
    });
    this.#keeper.on('close', () => channel?.close());
  }

  /** For a device by its path. */
  static ofPath(path: string, answerer: MessageAnswerer, logger: Logger): DevicePort {
    return new DevicePort(new WatchfulTransport(path), answerer, logger);
  }

  get name(): string {
    return this.#keeper.status.name;
  }

  async start(): Promise<void> {
    this.#keeper.start();
  }

  async stop(): Promise<void> {
    this.#keeper.stop();
  }
}

/** Looks for its host more often than the clipboard's port does: libvirt waits 5 s for an answer. */
class WatchfulTransport extends CharacterDeviceTransport {
  override readonly retryCeiling = DEVICE_RETRY_CEILING_MS;

  constructor(path: string) {
    // As qemu-ga: scripts connect one after another, and the next one's command is there before it is seen that the last one has gone.
    super(path, undefined, isVirtioPort(path));
  }
}

/** Other devices, such as a terminal that was hung up, are of no use any more once they have ended. */
function isVirtioPort(path: string): boolean {
  try {
    return VIRTIO_PORT.test(realpathSync(path));
  } catch {
    return VIRTIO_LINK.test(path);
  }
}
