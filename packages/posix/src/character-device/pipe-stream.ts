import { Socket } from 'node:net';
import { deliverDirectly } from '../deliver-directly.ts';
import { explainTransferError } from './explain.ts';
import type { PipeHandle, SocketOptionsWithHandle } from './pipe-handle.ts';

/**
 * A character device as a stream, read and written by libuv's event loop: no threads, and no timers.
 *
 * A device has no half-close: when either side ends, the stream is destroyed. It must be destroyed on end, too, because libuv
 * would spin on the hang-up with a write pending, and would never read again if the host came back.
 */
export class PipeStream extends Socket {
  readonly #path: string;

  constructor(path: string, handle: PipeHandle) {
    // Half open, else Socket would end the writing side, with a shutdown(2) that only sockets know.
    const options: SocketOptionsWithHandle = { handle, allowHalfOpen: true, readable: true, writable: true };
    super(options);
    this.#path = path;
    deliverDirectly(this);
    this.once('end', () => this.destroy());
    this.once('finish', () => this.destroy());
  }

  override _final(callback: (error?: Error | null) => void): void {
    // All writes are done when this is called.
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    super._destroy(error === null ? null : explainTransferError(this.#path, error), callback);
  }
}
