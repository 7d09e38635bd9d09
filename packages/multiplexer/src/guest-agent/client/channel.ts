import type { Duplex } from 'node:stream';
import { formatError, GuestAgentError, type JsonMessage, MessageReader } from '@clipmux/guest-agent';
import { WAITING_BYTES_MAX, WAITING_MESSAGES_MAX } from '../limits.ts';

/** What is sent back, with its line break; null: nothing, for a command that succeeds without an answer. */
export type Answer = string | Buffer | null;

/** Who answers messages. */
export interface MessageAnswerer {
  /**
   * @param signal aborted when nobody waits for the answer any more
   * @param done to be called once, whether or not the signal was aborted; a function and no promise, since most answers are there at once
   */
  answer(message: JsonMessage, signal: AbortSignal, done: (answer: Answer) => void): void;
}

export interface ChannelOptions {
  readonly answerer: MessageAnswerer;
  /** The first message has come. */
  readonly confirmed?: () => void;
  /** The stream is over. */
  readonly closed?: () => void;
}

/**
 * One client of the guest agent: what it sends is answered in its order, one after another, as qemu-ga does. A client that does not read
 * its answers, or sends faster than it is answered, is read no further; it costs itself.
 */
export class Channel {
  readonly #stream: Duplex;
  readonly #options: ChannelOptions;
  readonly #reader: MessageReader;
  readonly #over = new AbortController();
  /** Messages, and answers to what was no message. */
  #waiting: (JsonMessage | string)[] = [];
  /** Index of the first of them that is not answered. */
  #first = 0;
  #waitingBytes = 0;
  #answering = false;
  /** The client does not read. */
  #full = false;
  #ended = false;
  #confirmed = false;

  constructor(stream: Duplex, options: ChannelOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#reader = new MessageReader({
      message: (message) => this.#push(message),
      junk: (description) => this.#push(formatError(new GuestAgentError('GenericError', description))),
    });
    stream.on('data', (bytes: Buffer) => {
      this.#reader.push(bytes);
      this.#next();
      if (this.#isCrowded()) stream.pause();
    });
    stream.on('drain', () => {
      this.#full = false;
      this.#next();
    });
    stream.once('end', () => {
      this.#ended = true;
      this.#next();
    });
    stream.on('error', () => this.close());
    stream.once('close', () => this.close());
  }

  /** Ends it at once. Harmless when done twice. */
  close(): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#waiting = [];
    this.#first = 0;
    this.#stream.destroy();
    this.#options.closed?.();
  }

  #push(item: JsonMessage | string): void {
    if (!this.#confirmed) {
      this.#confirmed = true;
      this.#options.confirmed?.();
    }
    this.#waiting.push(item);
    this.#waitingBytes += sizeOf(item);
  }

  #isCrowded(): boolean {
    return this.#waiting.length - this.#first >= WAITING_MESSAGES_MAX || this.#waitingBytes >= WAITING_BYTES_MAX;
  }

  /** Answers what waits, as far as answers are there at once and the client reads them. */
  #next(): void {
    if (this.#answering) return;
    this.#answering = true;
    while (!this.#full && !this.#over.signal.aborted) {
      const item = this.#shift();
      if (item === undefined) break;
      if (!this.#answer(item)) return;
    }
    this.#answering = false;
    this.#rest();
  }

  #shift(): JsonMessage | string | undefined {
    const item = this.#waiting[this.#first];
    if (item === undefined) return undefined;
    this.#waitingBytes -= sizeOf(item);
    this.#first += 1;
    // Moving the rest down at each one would take the square of their number.
    if (this.#first * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  /** @returns whether it is answered already */
  #answer(item: JsonMessage | string): boolean {
    if (typeof item === 'string') {
      this.#send(item);
      return true;
    }
    let isThere = false;
    let isLater = false;
    this.#options.answerer.answer(item, this.#over.signal, (answer) => {
      isThere = true;
      this.#send(answer);
      if (!isLater) return;
      this.#answering = false;
      this.#next();
    });
    isLater = true;
    return isThere;
  }

  #send(answer: Answer): void {
    if (answer === null || this.#over.signal.aborted) return;
    this.#full = !this.#stream.write(answer);
  }

  /** Nothing can be answered now. */
  #rest(): void {
    if (this.#full || this.#over.signal.aborted || this.#isCrowded()) return;
    if (this.#ended) this.#stream.end();
    else if (this.#stream.isPaused()) this.#stream.resume();
  }
}

function sizeOf(item: JsonMessage | string): number {
  return typeof item === 'string' ? item.length : item.raw.length;
}
