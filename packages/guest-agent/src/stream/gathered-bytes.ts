/** Least size of the buffer in which a message is put together that comes in several pieces. */
const INITIAL_BYTES = 4096;

/** The bytes of what is not over yet, copied: a piece of a socket's buffer, kept, would keep all of that buffer. */
export class GatheredBytes {
  #bytes: Buffer | undefined;
  #size = 0;
  #start = 0;

  get size(): number {
    return this.#size;
  }

  /** @param position where in the stream the bytes are; must follow what is there already */
  append(bytes: Uint8Array, position: number): void {
    if (this.#size === 0) this.#start = position;
    const needed = this.#size + bytes.length;
    if (this.#bytes === undefined || this.#bytes.length < needed) {
      const larger = Buffer.allocUnsafeSlow(Math.max(INITIAL_BYTES, needed, (this.#bytes?.length ?? 0) * 2));
      if (this.#bytes) larger.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#size);
    this.#size = needed;
  }

  /** The bytes from one position to another, which must be there. They stay as they are whatever is appended until `clear`. */
  slice(start: number, end: number): Buffer {
    return (this.#bytes ?? Buffer.alloc(0)).subarray(start - this.#start, end - this.#start);
  }

  /** Forgets all; who was given a slice keeps it. */
  clear(): void {
    this.#bytes = undefined;
    this.#size = 0;
  }
}
