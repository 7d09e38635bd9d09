import { MAX_MULTIPLE_PAIRS } from '../limits.ts';
import type { Connection } from '../x11/connection.ts';
import { None } from '../x11/protocol.ts';

/** One conversion of a MULTIPLE request. */
export interface Pair {
  readonly target: number;
  readonly property: number;
  refused: boolean;
}

/** The most that is read of the list: later pairs are refused and have to be written back as such. */
const MAX_PAIR_LIST_BYTES = MAX_MULTIPLE_PAIRS * 8 * 4;

/** Atoms, or other numbers of 32 bits, as a property's bytes. */
export function packAtoms(atoms: readonly number[]): Buffer {
  const bytes = Buffer.alloc(atoms.length * 4);
  for (const [i, atom] of atoms.entries()) bytes.writeUInt32LE(atom >>> 0, i * 4);
  return bytes;
}

/** Takes the list apart. Pairs beyond {@link MAX_MULTIPLE_PAIRS} are refused. */
export function parsePairs(bytes: Buffer): Pair[] {
  const pairs: Pair[] = [];
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    const refused = pairs.length >= MAX_MULTIPLE_PAIRS;
    pairs.push({ target: bytes.readUInt32LE(at), property: bytes.readUInt32LE(at + 4), refused });
  }
  return pairs;
}

/**
 * The pair as it is written back. ICCCM 2.6.2 has "that atom" replaced by None; programs read that as the target or as
 * the property, so both are.
 */
export function refusePair(pair: Pair): [number, number] {
  return pair.refused ? [None, None] : [pair.target, pair.property];
}

/** Reads the list of a MULTIPLE request; undefined where there is none, or one that is no list or too long. */
export function readPairs(
  connection: Connection,
  requestor: number,
  property: number,
  done: (pairs: Pair[] | undefined) => void,
): void {
  connection.getProperty(requestor, property, 0, MAX_PAIR_LIST_BYTES, { delete: false }, (value) => {
    if (value === undefined || value.format !== 32 || value.bytesAfter > 0) return done(undefined);
    done(parsePairs(value.data));
  });
}
