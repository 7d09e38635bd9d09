import type { Duplex } from 'node:stream';
import { CharacterDevice, CharacterDeviceError, type CharacterDeviceMethod } from '@clipmux/posix';
import { PortError, toPortError } from './port-error.ts';
import type { PortTransport } from './transport.ts';

/** A virtual machine may run without its host's end for days. */
const DEVICE_RETRY_CEILING_MS = 5_000;

/** A port that is a character device: `/dev/virtio-ports/NAME` of virtio-serial. */
export class CharacterDeviceTransport implements PortTransport {
  readonly name: string;
  readonly retryCeiling: number = DEVICE_RETRY_CEILING_MS;
  readonly #method: CharacterDeviceMethod | undefined;
  /** Open, while its host is absent: opening anew each time would send the host an event each time. */
  #waiting: CharacterDevice | undefined;

  constructor(path: string, method?: CharacterDeviceMethod) {
    this.name = path;
    this.#method = method;
  }

  async open(signal: AbortSignal): Promise<Duplex> {
    if (signal.aborted) throw new PortError('aborted', `opening ${this.name} was given up`);
    try {
      const device = this.#waiting ?? CharacterDevice.open(this.name);
      this.#waiting = device;
      const stream = device.connect(this.#method);
      this.#waiting = undefined;
      // As with a socket: an error before anyone listens must not end the program.
      stream.on('error', () => {});
      return stream;
    } catch (error) {
      if (!(error instanceof CharacterDeviceError && error.code === 'host-absent')) this.release();
      throw toPortError(error);
    }
  }

  release(): void {
    this.#waiting?.close();
    this.#waiting = undefined;
  }
}
