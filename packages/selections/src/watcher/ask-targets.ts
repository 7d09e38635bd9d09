import { type DisplayError, SelectionError } from '../errors.ts';
import { MAX_TARGET_ATOMS, MAX_TARGETS_BYTES } from '../limits.ts';
import { EMPTY_OFFER, type Offer, offerOfTargets, TARGETLESS_OFFER } from '../mime/targets.ts';
import type { ConversionHandle, Requestor } from '../requestor/requestor.ts';
import type { Received } from '../requestor/transfer.ts';
import type { AtomCache } from '../x11/atoms.ts';
import { None, XA_ATOM } from '../x11/protocol.ts';

/** Atoms of a TARGETS list: without None, each once, at most {@link MAX_TARGET_ATOMS}. */
export function atomsOfList(bytes: Buffer): number[] {
  const atoms = new Set<number>();
  for (let at = 0; at + 4 <= bytes.length && atoms.size < MAX_TARGET_ATOMS; at += 4) {
    const atom = bytes.readUInt32LE(at);
    if (atom !== None) atoms.add(atom);
  }
  return [...atoms];
}

/** What an owner offers that has no usable TARGETS. */
function offerWithoutTargets(error: SelectionError | DisplayError): Offer {
  // ICCCM 2.6.2 demands TARGETS; programs from before it refuse, and have text.
  return error.code === 'owner-refused' || error.code === 'bad-answer' ? TARGETLESS_OFFER : EMPTY_OFFER;
}

/** The last list of each connection and what it meant: a program lists the same targets each time, and not even briefly. */
const lastList = new WeakMap<AtomCache, { list: Buffer; offer: Offer }>();

/**
 * Asks an owner for its TARGETS and calls back with what it offers; an owner that does not answer offers nothing.
 * The callback comes in the course of an event, even after the handle was abandoned.
 */
export function askTargets(
  requestor: Requestor,
  atoms: AtomCache,
  selection: number,
  time: number,
  done: (offer: Offer) => void,
): ConversionHandle {
  const target = atoms.get('TARGETS');
  const request = { selection, target, time, maxBytes: MAX_TARGETS_BYTES };
  return requestor.convert(request, (result) => {
    if (result instanceof Error) return done(offerWithoutTargets(result));
    if (!isAtomList(result, target)) {
      return done(
        offerWithoutTargets(new SelectionError('bad-answer', 'the owner answered TARGETS with no list of atoms')),
      );
    }
    const { bytes: list } = result;
    const last = lastList.get(atoms);
    if (last?.list.equals(list)) return done({ ...last.offer }); // an offer of its own, to be told from the last
    atoms.names(atomsOfList(list), (names) => {
      const offer = offerOfTargets(names);
      lastList.set(atoms, { list, offer });
      done(offer);
    });
  });
}

/** Some programs answer with the type TARGETS instead of ATOM. */
function isAtomList(result: Received, targetsAtom: number): boolean {
  return result.format === 32 && (result.type === XA_ATOM || result.type === targetsAtom);
}
