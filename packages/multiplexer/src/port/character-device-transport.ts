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
  readonly #staysOpen: boolean;
  /** Open, while its host is absent: opening anew each time would send the host an event each time. Or all the time. */
  #device: CharacterDevice | undefined;

  /**
   * @param staysOpen whether the device is not closed when its host goes, so that nothing is lost of what the next one sends at once. That
   * host does not see then that we have begun anew
   */
  constructor(path: string, method?: CharacterDeviceMethod, staysOpen = false) {
    this.name = path;
    this.#method = method;
    this.#staysOpen = staysOpen;
  }

  async open(signal: AbortSignal): Promise<Duplex> {
    if (signal.aborted) throw new PortError('aborted', `opening ${this.name} was given up`);
    try {
      const device = this.#device ?? CharacterDevice.open(this.name);
      this.#device = device;
      const stream = device.connect(this.#method, this.#staysOpen);
      if (!device.isOpen) this.#device = undefined;
      // As with a socket: an error before anyone listens must not end the program.
      stream.on('error', () => {});
      return stream;
    } catch (error) {
      if (!(error instanceof CharacterDeviceError && error.code === 'host-absent')) this.release();
      throw toPortError(error);
    }
  }

  release(): void {
    this.#device?.close();
    this.#device = undefined;
  }
}
