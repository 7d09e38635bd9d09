import type { Selection } from '../arbiter/index.ts';

/** What waits to go to the host. */
export type OutgoingItem =
  /** Encoded only when it goes out: its serial depends on what has been heard by then. */
  | { readonly kind: 'grab'; readonly selection: Selection; readonly clipboardTypes: readonly number[] }
  | { readonly kind: 'release'; readonly selection: Selection }
  /** A small message, framed. `taken` is called once, when it waits no longer. */
  | { readonly kind: 'framed'; readonly buffers: readonly Uint8Array[]; readonly taken?: () => void }
  /** A message whose content is still arriving. Either `send` is called, once, or `dropped`. */
  | {
      readonly kind: 'content';
      readonly send: (write: (buffers: readonly Uint8Array[]) => Promise<void>) => Promise<void>;
      readonly dropped: () => void;
    };

/**
 * What waits to go to the host while the port takes nothing, in order. Who owns a selection is a state, not a history: a newer
 * grab or release takes the place of the older one, so that any number of copies made meanwhile costs one entry a selection.
 */
export class Outbox {
  #items: OutgoingItem[] = [];

  get length(): number {
    return this.#items.length;
  }

  push(item: OutgoingItem): void {
    if (item.kind === 'grab') this.#drop((other) => other.kind === 'grab' && other.selection === item.selection);
    if (item.kind === 'release') this.dropOwnership(item.selection);
    this.#items.push(item);
  }

  /** The next item, taken out. */
  shift(): OutgoingItem | undefined {
    return this.#items.shift();
  }

  /** The host has taken the selection: what was going to be said of the guest's ownership is out of date. */
  dropOwnership(selection: Selection): void {
    this.#drop((other) => (other.kind === 'grab' || other.kind === 'release') && other.selection === selection);
  }

  clear(): void {
    const items = this.#items;
    this.#items = [];
    for (const item of items) forget(item);
  }

  #drop(matches: (item: OutgoingItem) => boolean): void {
    if (this.#items.length > 0) this.#items = this.#items.filter((item) => !matches(item));
  }
}

/** Tells whoever made it that it is not going to be sent. */
export function forget(item: OutgoingItem): void {
  if (item.kind === 'content') item.dropped();
  if (item.kind === 'framed') item.taken?.();
}
