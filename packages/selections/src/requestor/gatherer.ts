import { SelectionError } from '../errors.ts';

/**
 * Puts the pieces of one content together, never beyond a limit that is checked before memory is taken.
 * Where the owner tells the size ahead, the content is held once instead of twice.
 */
export class Gatherer {
  readonly #maxBytes: number;
  readonly #pieces: Buffer[] = [];
  #room: Buffer | undefined;
  #used = 0;
  #total = 0;

  /** @param announced the size that the owner announced (INCR tells a lower bound), 0 where it did not */
  constructor(maxBytes: number, announced: number) {
    this.#maxBytes = maxBytes;
    this.expect(announced);
    if (announced > 0) this.#room = Buffer.allocUnsafeSlow(announced);
  }

  /** @throws SelectionError `too-large` if so many further bytes would pass the limit */
  expect(bytes: number): void {
    if (this.#total + bytes <= this.#maxBytes) return;
    throw new SelectionError('too-large', `the content is longer than the permitted ${this.#maxBytes} bytes`);
  }

  /**
   * Takes a piece. It is copied by {@link settle}, when the next one has been asked for.
   *
   * @throws SelectionError `too-large`
   */
  add(piece: Buffer): void {
    this.expect(piece.length);
    this.#total += piece.length;
    this.#pieces.push(piece);
  }

  /** Copies what has been taken into the room for the whole, as far as it goes. */
  settle(): void {
    if (this.#room === undefined) return;
    for (let piece = this.#pieces[0]; piece !== undefined; piece = this.#pieces[0]) {
      if (this.#used + piece.length > this.#room.length) return;
      piece.copy(this.#room, this.#used);
      this.#used += piece.length;
      this.#pieces.shift();
    }
  }

  /** The whole content. */
  take(): Buffer {
    const [only] = this.#pieces;
    if (this.#used === 0 && this.#pieces.length === 1 && only !== undefined) return only;
    this.settle();
    const room = this.#room?.subarray(0, this.#used) ?? Buffer.alloc(0);
    return this.#pieces.length === 0 ? room : Buffer.concat([room, ...this.#pieces], this.#total);
  }
}
