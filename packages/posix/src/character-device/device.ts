import { closeSync, constants, openSync, readSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { PosixError } from '../errors.ts';
import { native } from '../native.ts';
import { CharacterDeviceError } from './errors.ts';
import { explainOpenError, explainTransferError, hostAbsent } from './explain.ts';
import { openPipeHandle } from './pipe-handle.ts';
import { PipeStream } from './pipe-stream.ts';
import { PollingStream } from './polling-stream.ts';

/** A virtio port gives at most 4096 bytes a read (port_fops_read in linux/drivers/char/virtio_console.c has one page a buffer). */
const PROBE_SIZE = 4096;

/** <fcntl.h> of Linux. */
const F_DUPFD_CLOEXEC = 1030;

/** How the device is waited for: by libuv, or by timers (see `PollingStream`). */
export type CharacterDeviceMethod = 'pipe' | 'polling';

/**
 * A character device that is open but not yet in use: a virtio port whose host may or may not be there.
 *
 * The descriptor can be kept and probed again while the host is absent, which saves the host a "port opened" and "port closed"
 * event (QEMU's VSERPORT_CHANGE) with every attempt.
 */
export class CharacterDevice {
  readonly path: string;
  #fd: number;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  /**
   * Opens for reading and writing, without blocking.
   *
   * @throws CharacterDeviceError `missing`, `busy`, `denied` or `failed`
   */
  static open(path: string): CharacterDevice {
    try {
      return new CharacterDevice(path, openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY));
    } catch (error) {
      throw explainOpenError(path, error);
    }
  }

  /**
   * Looks whether the host is there, by reading once: nothing to read means that it is, end of file that it is not. The stream takes
   * the descriptor over, unless the device is to stay open: then the stream has one of its own, and `connect` can be called again
   * when that stream has ended. What a new host has sent in between is there then; closing the device would have dropped it.
   *
   * @param stayOpen only where koffi works; elsewhere the descriptor is handed over (see `isOpen`)
   * @returns the device as a stream, with what was read at its beginning. It ends when the host goes, and is destroyed then; `end()`
   *   closes the device once all is written. Its errors are CharacterDeviceErrors. Read it to its end: an unread stream does not
   *   notice that the host has gone, and with a write pending the kernel wakes it again and again then.
   * @throws CharacterDeviceError `host-absent` (the device stays open for another try), else `gone` or `failed` (it is closed)
   */
  connect(method?: CharacterDeviceMethod, stayOpen = false): Duplex {
    if (!this.isOpen) throw new CharacterDeviceError('aborted', this.path, `${this.path} is no longer open here`);
    let first: Buffer;
    try {
      first = this.#probe();
    } catch (error) {
      if (error instanceof CharacterDeviceError) throw error;
      this.close();
      throw explainTransferError(this.path, error);
    }
    const stream = this.#streamOf(method, stayOpen);
    if (first.length > 0) stream.unshift(first);
    return stream;
  }

  /** Whether `connect` can be called (again). */
  get isOpen(): boolean {
    return this.#fd >= 0;
  }

  /** Closes the device if it was not handed to a stream. Harmless when done twice. */
  close(): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }

  /** What the host had sent already. */
  #probe(): Buffer {
    const buffer = Buffer.allocUnsafe(PROBE_SIZE);
    let size: number;
    try {
      size = readSync(this.#fd, buffer, 0, PROBE_SIZE, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return buffer.subarray(0, 0);
      throw error;
    }
    if (size === 0) throw hostAbsent(this.path);
    return buffer.subarray(0, size);
  }

  #streamOf(method: CharacterDeviceMethod | undefined, stayOpen: boolean): Duplex {
    const copy = stayOpen ? duplicate(this.#fd) : undefined;
    const fd = copy ?? this.#fd;
    try {
      const handle = method === 'polling' ? undefined : openPipeHandle(fd);
      if (handle === undefined && method === 'pipe') {
        throw new CharacterDeviceError('failed', this.path, 'this Node has no process.binding("pipe_wrap")');
      }
      const stream = handle === undefined ? new PollingStream(this.path, fd) : new PipeStream(this.path, handle);
      if (copy === undefined) this.#fd = -1;
      return stream;
    } catch (error) {
      if (copy !== undefined) closeSync(copy);
      this.close();
      throw explainTransferError(this.path, error);
    }
  }
}

/** Another descriptor of the same open device; undefined where there can be none. */
function duplicate(fd: number): number | undefined {
  try {
    const copy = native().fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return copy < 0 ? undefined : copy;
  } catch (error) {
    if (error instanceof PosixError && error.code === 'native-unavailable') return undefined;
    throw error;
  }
}
