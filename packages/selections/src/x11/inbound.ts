import type { PackStream } from 'x11';

/** A read that the library waits for. */
interface Read {
  readonly length: number;
  readonly callback: (bytes: Buffer) => void;
  /** Where it is put together, once a part of it has come. */
  bytes: Buffer | undefined;
  filled: number;
}

/** Below this many bytes memory comes out of Node's pool: events and small replies are used up at once. */
const POOLED_BYTES = 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Puts what the server sends together into the exact lengths that the library reads, in place of the library's own
 * FrameBuffer: that keeps every chunk until the whole has come and then copies it into memory that it has cleared first.
 * Here a chunk is copied as it comes, and so the socket can read into the same memory over and over.
 */
export class Inbound {
  readonly #reads: Read[] = [];
  #input: Uint8Array = NOTHING;
  #at = 0;
  #serving = false;

  /** Calls back with the next so many bytes, in the order of the calls. */
  get(length: number, callback: (bytes: Buffer) => void): void {
    this.#reads.push({ length, callback, bytes: undefined, filled: 0 });
    this.#serve();
  }

  /** Takes bytes off the socket. They are not kept: the memory may be used again. */
  push(chunk: Uint8Array): void {
    const left = this.#input.length - this.#at;
    this.#input = left === 0 ? chunk : Buffer.concat([this.#input.subarray(this.#at), chunk]);
    this.#at = 0;
    try {
      this.#serve();
    } finally {
      // The library reads on at once, so that something is left only if it has thrown, or ends.
      this.#input = this.#at === this.#input.length ? NOTHING : Buffer.from(this.#input.subarray(this.#at));
      this.#at = 0;
    }
  }

  #serve(): void {
    if (this.#serving) return; // a callback asks for the next: it has its turn below
    this.#serving = true;
    try {
      for (let read = this.#reads[0]; read !== undefined && this.#fill(read); read = this.#reads[0]) {
        this.#reads.shift();
        read.callback(read.bytes ?? NOTHING);
      }
    } finally {
      this.#serving = false;
    }
  }

  /** @returns whether it is complete */
  #fill(read: Read): boolean {
    const count = Math.min(read.length - read.filled, this.#input.length - this.#at);
    if (count === 0) return read.filled === read.length;
    read.bytes ??= read.length < POOLED_BYTES ? Buffer.allocUnsafe(read.length) : Buffer.allocUnsafeSlow(read.length);
    read.bytes.set(this.#input.subarray(this.#at, this.#at + count), read.filled);
    read.filled += count;
    this.#at += count;
    return read.filled === read.length;
  }
}

/** Lets the library read from this. To be done before anything has come off the socket. */
export function replaceInbound(packStream: PackStream, inbound: Inbound): void {
  packStream.get = (length, callback) => inbound.get(length, callback);
  packStream.write = (chunk) => inbound.push(chunk);
  for (const { length, callback } of packStream._readQueue.splice(0)) inbound.get(length, callback);
}
