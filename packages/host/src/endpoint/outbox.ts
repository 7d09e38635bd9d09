import type { Writable } from 'node:stream';

/** One message on its way out. */
export interface OutgoingMessage {
  /** Bytes of the message, for the output limit. */
  readonly size: number;
  /** The framed bytes; taken only as fast as the stream takes them. */
  readonly batches: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** Called once all has been handed to the stream. */
  readonly sent?: () => void;
}

/**
 * Messages to one guest, one after another, no faster than it reads. A message without waiting ones before it is handed to the
 * stream before `push` returns. Queued messages hold no framed bytes; at most one batch waits in the stream.
 */
export class Outbox {
  readonly #stream: Writable;
  readonly #failed: (error: Error) => void;
  readonly #queue: OutgoingMessage[] = [];
  #queuedSize = 0;
  #running = false;
  #closed = false;
  #wake: (() => void) | undefined;
  readonly #idlers: (() => void)[] = [];

  /** `failed`: a message that had begun can't be completed, so the link is of no use any more. */
  constructor(stream: Writable, failed: (error: Error) => void) {
    this.#stream = stream;
    this.#failed = failed;
    stream.on('drain', () => this.#wake?.());
  }

  /** Bytes of all messages that have not been taken by the stream's peer, roughly: queued and in the stream's buffer. */
  get size(): number {
    return this.#queuedSize + this.#stream.writableLength;
  }

  /** Sends a message after those already here. */
  push(message: OutgoingMessage): void {
    if (this.#closed) return;
    this.#queue.push(message);
    this.#queuedSize += message.size;
    if (!this.#running) void this.#run();
  }

  /** Resolves once every message has been handed to the stream, or it is closed. */
  idle(): Promise<void> {
    if (!this.#running) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idlers.push(resolve);
    });
  }

  /** Nothing more goes out; what waits is dropped. */
  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
    this.#queuedSize = 0;
    this.#wake?.();
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      for (let message = this.#queue.shift(); message !== undefined; message = this.#queue.shift()) {
        const { batches } = message;
        if (Symbol.iterator in batches) {
          for (const batch of batches) {
            if (!this.#stream.write(batch)) await this.#drained();
            if (this.#closed) return;
          }
        } else {
          for await (const batch of batches) {
            if (this.#closed) return;
            if (!this.#stream.write(batch)) await this.#drained();
          }
        }
        if (this.#closed) return;
        this.#queuedSize -= message.size;
        message.sent?.();
      }
    } catch (error) {
      this.close();
      this.#failed(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#running = false;
      for (const idler of this.#idlers.splice(0)) idler();
    }
  }

  async #drained(): Promise<void> {
    if (this.#closed) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }
}
