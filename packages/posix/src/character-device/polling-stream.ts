import { close, read, write } from 'node:fs';
import { Duplex } from 'node:stream';
import { explainTransferError } from './explain.ts';

/** A virtio port gives at most 4096 bytes a read; other devices may give more. */
const READ_SIZE = 64 * 1024;
/** First wait after EAGAIN, in milliseconds. */
const POLL_MINIMUM = 1;
/** Longest wait, in milliseconds: what an idle device costs is 10 wake-ups a second, and a paste waits that long at most. */
const POLL_MAXIMUM = 100;

type Callback = (error?: Error | null) => void;

/**
 * A character device as a stream where Node has no pipe_wrap: nonblocking reads and writes, with timers that wait ever longer
 * while nothing happens. Slower, and idle only nearly so, but made of public parts alone.
 */
export class PollingStream extends Duplex {
  readonly #path: string;
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafeSlow(READ_SIZE);
  readonly #timers = new Map<'read' | 'write', NodeJS.Timeout>();
  /** System calls under way in the thread pool: the descriptor must not be closed, and so reused, beneath them. */
  #calls = 0;
  #whenIdle: (() => void) | undefined;
  #readDelay = POLL_MINIMUM;

  constructor(path: string, fd: number) {
    super({ allowHalfOpen: true });
    this.#path = path;
    this.#fd = fd;
    this.once('end', () => this.destroy());
    this.once('finish', () => this.destroy());
  }

  override _read(): void {
    if (this.#timers.has('read')) return;
    this.#begin();
    read(this.#fd, this.#buffer, 0, READ_SIZE, null, (error, size) => {
      if (!this.#finish()) return;
      if (error?.code === 'EAGAIN') {
        this.#later('read', this.#readDelay, () => this._read());
        this.#readDelay = Math.min(this.#readDelay * 2, POLL_MAXIMUM);
      } else if (error !== null) {
        this.destroy(error);
      } else if (size === 0) {
        this.push(null);
      } else {
        this.#readDelay = POLL_MINIMUM;
        this.push(Buffer.from(this.#buffer.subarray(0, size)));
      }
    });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    this.#writeRest(chunk, POLL_MINIMUM, callback);
  }

  #writeRest(rest: Buffer, delay: number, callback: Callback): void {
    this.#begin();
    write(this.#fd, rest, 0, rest.length, null, (error, size) => {
      if (!this.#finish()) {
        callback();
      } else if (error?.code === 'EAGAIN') {
        this.#later('write', delay, () => this.#writeRest(rest, Math.min(delay * 2, POLL_MAXIMUM), callback));
      } else if (error !== null) {
        callback(error);
      } else if (size < rest.length) {
        this.#writeRest(rest.subarray(size), POLL_MINIMUM, callback);
      } else {
        // An answer is likely now.
        this.#readDelay = POLL_MINIMUM;
        callback();
      }
    });
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    const closeDescriptor = () => {
      close(this.#fd, (closeError) => {
        const reason = error ?? closeError ?? null;
        callback(reason === null ? null : explainTransferError(this.#path, reason));
      });
    };
    if (this.#calls === 0) closeDescriptor();
    else this.#whenIdle = closeDescriptor;
  }

  #later(name: 'read' | 'write', delay: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(name);
      action();
    }, delay);
    this.#timers.set(name, timer);
  }

  #begin(): void {
    this.#calls++;
  }

  /** Whether the stream is still in use, after a system call. */
  #finish(): boolean {
    this.#calls--;
    if (!this.destroyed) return true;
    if (this.#calls === 0) this.#whenIdle?.();
    return false;
  }
}
