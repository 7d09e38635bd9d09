import { MAX_CACHED_ATOMS } from '../limits.ts';
import type { Connection } from './connection.ts';

/**
 * Names and numbers of one server's atoms. What is known is answered at once, so that a callback runs in the place of
 * the event that caused it.
 */
export class AtomCache {
  readonly #connection: Connection;
  #atoms = new Map<string, number>();
  #names = new Map<number, string>();
  /** Names that were preloaded; they outlive the others. */
  #preloaded = new Map<string, number>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  #remember(name: string, atom: number): void {
    if (this.#atoms.size >= MAX_CACHED_ATOMS) {
      this.#connection.forgetAtoms();
      this.#atoms = new Map(this.#preloaded);
      this.#names = new Map([...this.#preloaded].map(([known, number]) => [number, known]));
    }
    this.#atoms.set(name, atom);
    this.#names.set(atom, name);
  }

  /** Settles when these names are known for good; `get` may then be called for them. */
  async preload(names: readonly string[]): Promise<void> {
    const atoms = await new Promise<ReadonlyMap<string, number>>((resolve) => this.intern(names, resolve));
    for (const [name, atom] of atoms) this.#preloaded.set(name, atom);
  }

  /** The atom of a name that was preloaded; 0 for any other. */
  get(name: string): number {
    return this.#preloaded.get(name) ?? 0;
  }

  /** Looks up or makes the atoms of all these names (Latin-1, at most 65,535 bytes), then calls back. */
  intern(names: readonly string[], done: (atoms: ReadonlyMap<string, number>) => void): void {
    const found = new Map<string, number>();
    const unknown: string[] = [];
    for (const name of names) {
      const atom = this.#atoms.get(name);
      if (atom === undefined) unknown.push(name);
      else found.set(name, atom);
    }
    this.#all(
      unknown,
      (name, next) =>
        this.#connection.internAtom(name, (atom) => {
          if (atom !== undefined) {
            this.#remember(name, atom);
            found.set(name, atom);
          }
          next();
        }),
      () => done(found),
    );
  }

  /** Looks up the names of atoms; the answer leaves out those that are no atoms. */
  names(atoms: readonly number[], done: (names: string[]) => void): void {
    const found = new Map<number, string>();
    const unknown = new Set<number>();
    for (const atom of atoms) {
      const name = this.#names.get(atom);
      if (name === undefined) unknown.add(atom);
      else found.set(atom, name);
    }
    this.#all(
      [...unknown],
      (atom, next) =>
        this.#connection.getAtomName(atom, (name) => {
          if (name !== undefined) {
            this.#remember(name, atom);
            found.set(atom, name);
          }
          next();
        }),
      () => done(atoms.flatMap((atom) => found.get(atom) ?? [])),
    );
  }

  #all<T>(items: readonly T[], start: (item: T, next: () => void) => void, done: () => void): void {
    let left = items.length;
    if (left === 0) return done();
    const next = () => {
      left--;
      if (left === 0) done();
    };
    for (const item of items) start(item, next);
  }
}
