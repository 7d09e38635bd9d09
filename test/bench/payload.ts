import { createHash, randomFillSync } from 'node:crypto';

export type PayloadKind = 'text' | 'png';

/** The X11 target under which a payload travels. */
export const X11_TARGETS: Readonly<Record<PayloadKind, string>> = { text: 'UTF8_STRING', png: 'image/png' };

/** The 8 bytes that every PNG file begins with. */
const PNG_SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

/** Random bytes are made once and repeated: nobody on the way compresses, and making 256 MiB anew takes seconds. */
const RANDOM_BYTES = 3 * 1024 * 1024;

/** `size` bytes of random text (base64's 64 letters) or of random bytes behind PNG's signature. */
export function makePayload(kind: PayloadKind, size: number): Buffer {
  const random = randomFillSync(Buffer.alloc(Math.min(RANDOM_BYTES, size)));
  const payload = Buffer.alloc(size, kind === 'text' ? Buffer.from(random.toString('base64')) : random);
  if (kind === 'png') PNG_SIGNATURE.copy(payload);
  return payload;
}

/** Compares what arrives, piece by piece, with what was sent, so that nothing has to be kept. */
export class Comparison {
  readonly #expected: Buffer;
  #offset = 0;
  #equal = true;

  constructor(expected: Buffer) {
    this.#expected = expected;
  }

  readonly add = (piece: Uint8Array): void => {
    const end = this.#offset + piece.length;
    this.#equal &&= this.#expected.subarray(this.#offset, end).equals(piece);
    this.#offset = end;
  };

  /** @throws if what arrived is not what was sent */
  finish(what: string): void {
    if (this.#equal && this.#offset === this.#expected.length) return;
    const digest = createHash('sha256').update(this.#expected).digest('hex').slice(0, 16);
    throw new Error(
      `${what}: ${this.#offset} bytes arrived and are not the ${this.#expected.length} sent (SHA-256 ${digest}…)`,
    );
  }
}
