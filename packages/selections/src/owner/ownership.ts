import type { ContentProvider, StopSignal } from '../backend.ts';
import { SelectionError } from '../errors.ts';
import { MAX_TYPES } from '../limits.ts';
import { encodeCompoundText } from '../mime/compound-text.ts';
import { utf8ToLatin1 } from '../mime/latin1.ts';
import { type Answer, isValidType, targetsOfTypes } from '../mime/targets.ts';
import type { AtomCache } from '../x11/atoms.ts';

/** An answer with its atoms. */
export interface OwnedTarget extends Answer {
  /** The atom of the type that the property is to bear. */
  readonly answerAtom: number;
}

/** The targets of the types that were offered last, on each connection: mostly the same are offered again. */
const lastOffered = new WeakMap<AtomCache, { types: readonly string[]; targets: ReadonlyMap<number, OwnedTarget> }>();

/** One time of owning a selection: what is offered, from whom it comes, and since when. */
export class Ownership {
  /** Server time at which the selection was taken; set when that is sent. */
  time = 0;
  /** By the target's atom, in the order to list them. */
  readonly targets: ReadonlyMap<number, OwnedTarget>;
  readonly #provider: ContentProvider;
  #ended = false;

  private constructor(targets: ReadonlyMap<number, OwnedTarget>, provider: ContentProvider) {
    this.targets = targets;
    this.#provider = provider;
  }

  /**
   * Interns the targets' names, then calls back.
   *
   * @param types valid, see {@link checkTypes}
   */
  static prepare(
    atoms: AtomCache,
    types: readonly string[],
    provider: ContentProvider,
    done: (ownership: Ownership) => void,
  ): void {
    const last = lastOffered.get(atoms);
    if (last?.types.length === types.length && types.every((type, i) => type === last.types[i])) {
      return done(new Ownership(last.targets, provider));
    }
    const answers = targetsOfTypes(types);
    const names = [...answers].flatMap(([target, { answerType }]) => [target, answerType]);
    atoms.intern(names, (known) => {
      const targets = new Map<number, OwnedTarget>();
      for (const [target, answer] of answers) {
        const atom = known.get(target);
        const answerAtom = known.get(answer.answerType);
        if (atom !== undefined && answerAtom !== undefined) targets.set(atom, { ...answer, answerAtom });
      }
      lastOffered.set(atoms, { types: [...types], targets });
      done(new Ownership(targets, provider));
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Lost, given up, or replaced. Who has asked by then still gets the content (ICCCM 2.2). */
  end(): void {
    this.#ended = true;
  }

  /** Gets the content of a type; rejects where it cannot be had. */
  async content(type: string, signal: StopSignal): Promise<Uint8Array> {
    return this.#provider(type, signal);
  }
}

/** The content in the form that a target wants; undefined where the text does not fit it. */
export function encodeFor(target: OwnedTarget, bytes: Uint8Array): Uint8Array | undefined {
  switch (target.form) {
    case 'as-is':
      return bytes;
    case 'latin1':
      return utf8ToLatin1(bytes);
    case 'compound-text':
      return encodeCompoundText(bytes);
  }
}

/** @throws SelectionError `bad-type` for a type that is no valid name, or too many */
export function checkTypes(types: readonly string[]): void {
  if (types.length > MAX_TYPES) {
    throw new SelectionError('bad-type', `${types.length} types are more than the permitted ${MAX_TYPES}`);
  }
  const bad = types.find((type) => !isValidType(type));
  if (bad !== undefined) throw new SelectionError('bad-type', `${JSON.stringify(bad.slice(0, 80))} is no valid type`);
}
