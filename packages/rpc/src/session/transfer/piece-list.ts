/** A piece smaller than this is copied into a block with its neighbours when it is {@link PieceList.pushCompact compacted}. */
const SMALL_PIECE_BYTES = 4096;

const NOTHING = new Uint8Array(0);

/** Slots at the front of the list that may be used up before the list is moved down. */
const USED_SLOTS_MAX = 1024;

/** A first-in first-out list of pieces of content. */
export class PieceList {
  #pieces: Uint8Array[] = [];
  #first = 0;
  #byteLength = 0;
  /** The block that small pieces are being copied into, last in the list, and how much of it is used. */
  #block: Buffer | undefined;
  #blockFilled = 0;

  /** Bytes in the list. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** Adds a piece as it is. Empty pieces are left out. */
  push(piece: Uint8Array): void {
    if (piece.byteLength === 0) return;
    this.#block = undefined;
    this.#pieces.push(piece);
    this.#byteLength += piece.byteLength;
  }

  /**
   * Adds a piece from a hostile source: what the list keeps alive stays within a small factor of its bytes, however small the pieces
   * are and however large the buffers of which they are views.
   * @param isAll nothing comes before or after it: where it is small, Node's pool (8 KiB) is block enough
   */
  pushCompact(piece: Uint8Array, isAll = false): void {
    if (isAll && piece.byteLength < SMALL_PIECE_BYTES) {
      this.push(Buffer.from(piece));
      return;
    }
    if (piece.byteLength >= SMALL_PIECE_BYTES) {
      this.push(piece.byteLength * 2 >= piece.buffer.byteLength ? piece : Buffer.from(piece));
      return;
    }
    let rest = piece;
    while (rest.byteLength > 0) {
      if (this.#block === undefined || this.#blockFilled === this.#block.length) {
        this.#block = Buffer.allocUnsafeSlow(SMALL_PIECE_BYTES);
        this.#blockFilled = 0;
        this.#pieces.push(this.#block.subarray(0, 0));
      }
      const part = rest.subarray(0, this.#block.length - this.#blockFilled);
      this.#block.set(part, this.#blockFilled);
      const start = this.#blockFilled - (this.#pieces.at(-1)?.byteLength ?? 0);
      this.#blockFilled += part.byteLength;
      this.#pieces[this.#pieces.length - 1] = this.#block.subarray(start, this.#blockFilled);
      this.#byteLength += part.byteLength;
      rest = rest.subarray(part.byteLength);
    }
  }

  /** Takes the first piece, or nothing from an empty list. */
  shift(): Uint8Array | undefined {
    return this.take(Number.POSITIVE_INFINITY, 1)[0];
  }

  /** Takes up to `maxBytes` from the front as up to `maxPieces` pieces; the last of them may be part of one. */
  take(maxBytes: number, maxPieces = Number.POSITIVE_INFINITY): Uint8Array[] {
    const taken: Uint8Array[] = [];
    let room = maxBytes;
    while (room > 0 && taken.length < maxPieces) {
      const piece = this.#pieces[this.#first];
      if (piece === undefined) break;
      if (piece.byteLength <= room) {
        this.#pieces[this.#first] = NOTHING;
        this.#first += 1;
        taken.push(piece);
      } else {
        taken.push(piece.subarray(0, room));
        this.#pieces[this.#first] = piece.subarray(room);
      }
      const bytes = Math.min(piece.byteLength, room);
      room -= bytes;
      this.#byteLength -= bytes;
    }
    if (this.#first === this.#pieces.length) {
      this.clear();
    } else if (this.#first > USED_SLOTS_MAX) {
      this.#pieces = this.#pieces.slice(this.#first);
      this.#first = 0;
    }
    return taken;
  }

  /** Lets go of everything. */
  clear(): void {
    this.#pieces = [];
    this.#first = 0;
    this.#byteLength = 0;
    this.#block = undefined;
  }
}
