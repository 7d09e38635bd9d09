import type { Duplex } from 'node:stream';
import type { Selection } from '../arbiter/index.ts';
import { forget, Outbox, type OutgoingItem } from './outbox.ts';

/** Thrown into a content that is being sent when the port closes. */
export class PortClosedError extends Error {
  override readonly name = 'PortClosedError';

  constructor() {
    super('the port was closed');
  }
}

/**
 * Writes to the port in order and at the port's speed. What must wait waits in the outbox, where it can still be taken back.
 */
export class PortWriter {
  readonly #stream: Duplex;
  readonly #encodeGrab: (selection: Selection, clipboardTypes: readonly number[]) => readonly Uint8Array[];
  readonly #encodeRelease: (selection: Selection) => readonly Uint8Array[];
  readonly #failed: (error: Error) => void;
  readonly #outbox = new Outbox();
  #busy = false;
  #closed = false;
  readonly #wakers = new Set<() => void>();

  constructor(
    stream: Duplex,
    encode: {
      grab: (selection: Selection, clipboardTypes: readonly number[]) => readonly Uint8Array[];
      release: (selection: Selection) => readonly Uint8Array[];
    },
    failed: (error: Error) => void,
  ) {
    this.#stream = stream;
    this.#encodeGrab = encode.grab;
    this.#encodeRelease = encode.release;
    this.#failed = failed;
    stream.on('drain', this.#wake);
  }

  /** Entries that the port has not taken yet. */
  get waiting(): number {
    return this.#outbox.length;
  }

  /** Whether something waits to go out. */
  get busy(): boolean {
    return this.#busy || this.#outbox.length > 0;
  }

  push(item: OutgoingItem): void {
    if (this.#closed) {
      forget(item);
      return;
    }
    this.#outbox.push(item);
    this.#pump();
  }

  /** See {@link Outbox.dropOwnership}. */
  dropOwnership(selection: Selection): void {
    this.#outbox.dropOwnership(selection);
  }

  close(): void {
    this.#closed = true;
    this.#outbox.clear();
    this.#stream.off('drain', this.#wake);
    this.#wake();
  }

  /** Writes what can be written at once without giving control away; goes on by itself when the port takes more. */
  #pump(): void {
    if (this.#busy) return;
    while (!this.#closed && !this.#stream.writableNeedDrain) {
      const item = this.#outbox.shift();
      if (!item) return;
      if (item.kind === 'content') {
        this.#busy = true;
        item
          .send((buffers) => this.#writeSlowly(buffers))
          .catch((error: Error) => {
            if (!this.#closed) this.#failed(error);
          })
          .finally(() => {
            this.#busy = false;
            this.#pump();
          });
        return;
      }
      this.#write(this.#encode(item));
      if (item.kind === 'framed') item.taken?.();
    }
  }

  #encode(item: Exclude<OutgoingItem, { kind: 'content' }>): readonly Uint8Array[] {
    switch (item.kind) {
      case 'grab':
        return this.#encodeGrab(item.selection, item.clipboardTypes);
      case 'release':
        return this.#encodeRelease(item.selection);
      case 'framed':
        return item.buffers;
    }
  }

  /** Resolves when the stream holds none of it any more: the memory may then be used again. */
  async #writeSlowly(buffers: readonly Uint8Array[]): Promise<void> {
    if (this.#closed) throw new PortClosedError();
    let wake: () => void = () => {};
    this.#write(buffers, () => wake());
    // Mostly the kernel has taken it by now.
    if (this.#stream.writableLength > 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        this.#wakers.add(resolve);
      });
      this.#wakers.delete(wake);
    }
    if (this.#closed) throw new PortClosedError();
  }

  #write(buffers: readonly Uint8Array[], written?: () => void): void {
    const [first] = buffers;
    if (first !== undefined && buffers.length === 1) {
      this.#stream.write(first, written);
      return;
    }
    this.#stream.cork();
    for (const [index, buffer] of buffers.entries()) {
      this.#stream.write(buffer, index === buffers.length - 1 ? written : undefined);
    }
    this.#stream.uncork();
  }

  readonly #wake = (): void => {
    for (const waker of this.#wakers) waker();
    this.#wakers.clear();
    this.#pump();
  };
}
