import { isUint32, readUint32, writeUint32 } from './bytes.ts';
import { VdAgentUsageError } from './errors.ts';
import { capabilityName } from './names.ts';

const WORD_BITS = 32;

/**
 * A set of capabilities (`VD_AGENT_CAP_*` bit numbers), immutable.
 * Bits that nobody here knows are kept, so a set can be passed on whole.
 */
export class CapabilitySet {
  /** No capability at all. */
  static readonly EMPTY = new CapabilitySet([0]);

  readonly #words: readonly number[];

  private constructor(words: readonly number[]) {
    this.#words = words;
  }

  /** The set of these bit numbers, in as few words as they need, but at least one: QEMU ignores an announcement of none. */
  static of(...capabilities: number[]): CapabilitySet {
    return CapabilitySet.EMPTY.with(...capabilities);
  }

  /** The set that these `u32` words hold, bit 0 of word 0 being capability 0. Their number is kept. */
  static fromWords(words: Iterable<number>): CapabilitySet {
    return new CapabilitySet(Array.from(words, (word) => word >>> 0));
  }

  /** Reads little-endian words; the length of `bytes` must be a multiple of 4 (the caller has checked). */
  static decode(bytes: Uint8Array): CapabilitySet {
    const words: number[] = [];
    for (let offset = 0; offset + 4 <= bytes.length; offset += 4) words.push(readUint32(bytes, offset));
    return new CapabilitySet(words);
  }

  /** The words as they go on the wire. */
  encode(): Uint8Array {
    const bytes = new Uint8Array(this.#words.length * 4);
    this.#words.forEach((word, index) => {
      writeUint32(bytes, index * 4, word);
    });
    return bytes;
  }

  /** The words, as many as were received or are needed. */
  get words(): readonly number[] {
    return this.#words;
  }

  /** Whether the set holds this bit number. */
  has(capability: number): boolean {
    const word = this.#words[Math.floor(capability / WORD_BITS)] ?? 0;
    return ((word >>> (capability % WORD_BITS)) & 1) === 1;
  }

  /** This set and these. */
  with(...capabilities: number[]): CapabilitySet {
    const words = [...this.#words];
    for (const capability of capabilities) {
      if (!isUint32(capability) || capability >= MAX_CAPABILITIES) {
        throw new VdAgentUsageError('value-out-of-range', `not a capability's bit number: ${capability}`);
      }
      const index = Math.floor(capability / WORD_BITS);
      while (words.length <= index) words.push(0);
      words[index] = ((words[index] as number) | (1 << (capability % WORD_BITS))) >>> 0;
    }
    return new CapabilitySet(words);
  }

  /** This set without these; the number of words stays. */
  without(...capabilities: number[]): CapabilitySet {
    const words = [...this.#words];
    for (const capability of capabilities) {
      const index = Math.floor(capability / WORD_BITS);
      const word = words[index];
      if (word !== undefined) words[index] = (word & ~(1 << (capability % WORD_BITS))) >>> 0;
    }
    return new CapabilitySet(words);
  }

  /** What either set holds. */
  union(other: CapabilitySet): CapabilitySet {
    const length = Math.max(this.#words.length, other.#words.length);
    return CapabilitySet.fromWords(
      Array.from({ length }, (_, index) => (this.#words[index] ?? 0) | (other.#words[index] ?? 0)),
    );
  }

  /** What both sets hold. */
  intersection(other: CapabilitySet): CapabilitySet {
    return CapabilitySet.fromWords(this.#words.map((word, index) => word & (other.#words[index] ?? 0)));
  }

  /** Whether both hold the same capabilities; trailing empty words do not count. */
  equals(other: CapabilitySet): boolean {
    const length = Math.max(this.#words.length, other.#words.length);
    for (let index = 0; index < length; index++) {
      if ((this.#words[index] ?? 0) !== (other.#words[index] ?? 0)) return false;
    }
    return true;
  }

  /** The bit numbers, ascending. */
  *[Symbol.iterator](): IterableIterator<number> {
    for (let capability = 0; capability < this.#words.length * WORD_BITS; capability++) {
      if (this.has(capability)) yield capability;
    }
  }

  /** The names for traces, as in QEMU's: `clipboard-by-demand`; `unknown-40` for a bit that the header lacks. */
  names(): string[] {
    return Array.from(this, capabilityName);
  }
}

/** Bit numbers below this can be added to a set: 1,024 words, far more than the header's one. */
const MAX_CAPABILITIES = 1024 * WORD_BITS;
