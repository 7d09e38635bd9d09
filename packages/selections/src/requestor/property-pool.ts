import type { AtomCache } from '../x11/atoms.ts';

/** Names of the properties that transfers use, `CLIPMUX_TRANSFER_0` and on. */
const NAME_PREFIX = 'CLIPMUX_TRANSFER_';
/**
 * Properties made at the start. They are used in turn, so that a late SelectionNotify of one transfer (xsel sends a
 * second one) does not meet a newer transfer on the same property.
 */
const INITIAL_PROPERTIES = 16;

/** The names to preload into the atom cache. */
export const TRANSFER_PROPERTY_NAMES: readonly string[] = Array.from(
  { length: INITIAL_PROPERTIES },
  (_, i) => NAME_PREFIX + i,
);

/**
 * Hands out a property of our own for each transfer. A property that an owner may still write to is never given back:
 * its late content would be taken for another transfer's.
 */
export class PropertyPool {
  readonly #atoms: AtomCache;
  readonly #free: number[];
  #made = INITIAL_PROPERTIES;

  constructor(atoms: AtomCache) {
    this.#atoms = atoms;
    this.#free = TRANSFER_PROPERTY_NAMES.map((name) => atoms.get(name));
  }

  acquire(reply: (property: number) => void): void {
    const property = this.#free.shift();
    if (property !== undefined) return reply(property);
    const name = NAME_PREFIX + this.#made++;
    this.#atoms.intern([name], (atoms) => reply(atoms.get(name) ?? 0));
  }

  /** Gives back a property that is deleted and to which nobody writes any more. */
  release(property: number): void {
    this.#free.push(property);
  }
}
