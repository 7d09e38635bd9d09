import { RpcError } from '../peer/index.ts';
import { CONTROL_LINE_BYTES_MAX } from './limits.ts';

const LINE_FEED = 0x0a;

/** Finds lines in a stream that is cut anywhere. It holds at most one unfinished line and what came with the last chunk. */
export class LineReader {
  readonly #bytesMax: number;
  /** Pieces of the line that is not finished. */
  #pieces: Buffer[] = [];
  #bytes = 0;
  #lines: Buffer[] = [];
  #next = 0;

  constructor(bytesMax = CONTROL_LINE_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /** Takes bytes off the stream. @throws {RpcError} `too-large` if a line is longer than allowed; nothing can follow then */
  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      this.#add(chunk.subarray(start, end));
      this.#lines.push(this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces));
      this.#pieces = [];
      this.#bytes = 0;
      start = end + 1;
    }
    if (start < chunk.length) this.#add(chunk.subarray(start));
  }

  /** The next whole line without its line break; undefined if none has come. */
  next(): Buffer | undefined {
    const line = this.#lines[this.#next];
    if (line === undefined) {
      this.#lines = [];
      this.#next = 0;
      return undefined;
    }
    this.#next += 1;
    return line;
  }

  /** Makes a line of what came after the last line break: a script's last line may lack it. */
  end(): void {
    if (this.#bytes > 0) this.#lines.push(Buffer.concat(this.#pieces));
    this.#pieces = [];
    this.#bytes = 0;
  }

  #add(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes > this.#bytesMax) {
      throw new RpcError('too-large', `a line is longer than ${this.#bytesMax} bytes: send content in pieces`);
    }
    this.#pieces.push(piece);
  }
}
