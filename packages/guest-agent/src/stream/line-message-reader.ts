import { Character } from '../json/characters.ts';
import { GatheredBytes } from './gathered-bytes.ts';
import { type JsonMessage, MessageReader } from './message-reader.ts';

/** What is wrong with a line: it is longer than it may be, or not one JSON value. */
export type LineFault = 'too-long' | 'no-json';

/** Takes lines, in the order of the stream. */
export interface LineHandler {
  /** A line that is one message. Whether it is JSON in all its parts, its `parse` says. */
  message(message: JsonMessage): void;
  /** A line that is none: told once for each, and the next line is read as if it had not been. */
  broken(fault: LineFault): void;
}

/**
 * Reads one JSON value a line, however the stream is cut: for the port for calls. Unlike on the guest agent's port, where brackets are counted,
 * a line's end ends whatever is in it. So a line that was cut off, as by a guest that is reset, costs that line alone. A line counts as a whole
 * or not at all: in the rest of one whose beginning was lost, an object that a program of a session has put into its parameters is no call.
 * Empty lines mean nothing.
 */
export class LineMessageReader {
  readonly #handler: LineHandler;
  readonly #lineBytesMax: number;
  /** The line that is not over yet. */
  readonly #gathered = new GatheredBytes();
  #skipping = false;

  /** @param lineBytesMax bytes of a line, its end left out; a longer one is skipped and never held */
  constructor(handler: LineHandler, lineBytesMax: number) {
    this.#handler = handler;
    this.#lineBytesMax = lineBytesMax;
  }

  /** Bytes that are held of a line that is not over yet. */
  get heldBytes(): number {
    return this.#gathered.size;
  }

  /** Takes the next bytes of the stream. Messages share them: the caller must not change them. */
  push(bytes: Buffer): void {
    let start = 0;
    for (let end = bytes.indexOf(Character.LINE_FEED); end >= 0; end = bytes.indexOf(Character.LINE_FEED, start)) {
      this.#end(bytes.subarray(start, end));
      start = end + 1;
    }
    if (start < bytes.length) this.#gather(bytes.subarray(start));
  }

  #gather(piece: Buffer): void {
    if (this.#skipping) return;
    if (this.#gathered.size + piece.length > this.#lineBytesMax) {
      this.#gathered.clear();
      this.#skipping = true;
      this.#handler.broken('too-long');
      return;
    }
    this.#gathered.append(piece, this.#gathered.size);
  }

  /** @param rest what came of the line before its end */
  #end(rest: Buffer): void {
    let line = rest;
    if (this.#skipping || this.#gathered.size > 0 || rest.length > this.#lineBytesMax) {
      this.#gather(rest);
      line = this.#gathered.slice(0, this.#gathered.size);
      this.#gathered.clear();
    }
    const skipped = this.#skipping;
    this.#skipping = false;
    if (!skipped) this.#read(line);
  }

  #read(line: Buffer): void {
    let message: JsonMessage | undefined;
    // The rest of a line that is broken is not even looked at: it may hold hundreds of thousands of messages.
    const stop = (): never => {
      throw STOP;
    };
    const reader = new MessageReader(
      {
        message: (found) => {
          if (message !== undefined) stop();
          message = found;
        },
        junk: stop,
      },
      { messageBytesMax: this.#lineBytesMax },
    );
    try {
      reader.push(line);
      // It ends a number; half a message stays held.
      reader.push(LINE_END);
      if (reader.heldBytes > 0) stop();
    } catch (error) {
      if (error !== STOP) throw error;
      this.#handler.broken('no-json');
      return;
    }
    if (message !== undefined) this.#handler.message(message);
  }
}

/** Thrown out of the reader of a line, which is then of no use any more. */
const STOP = new Error('the line is broken');

const LINE_END = Buffer.of(Character.LINE_FEED);
