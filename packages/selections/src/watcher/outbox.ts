import type { SelectionName } from '../backend.ts';

/** What is to be told of a selection: the types that a program offers, or that nobody owns it. */
export type News = { readonly kind: 'offer'; readonly types: readonly string[] } | { readonly kind: 'cleared' };

/**
 * Tells news after all promises of the same turn have been followed up, the newest of each selection only.
 *
 * The connection hands on many events in one turn of the loop, before anything that awaits a promise runs. Were news
 * told at once, an offer that came after the reply to `own` would be heard before that `own` has returned.
 */
export class Outbox {
  readonly #tell: (selection: SelectionName, news: News) => void;
  readonly #waiting = new Map<SelectionName, News>();
  #scheduled: NodeJS.Immediate | undefined;

  constructor(tell: (selection: SelectionName, news: News) => void) {
    this.#tell = tell;
  }

  put(selection: SelectionName, news: News): void {
    this.#waiting.delete(selection);
    this.#waiting.set(selection, news);
    this.#scheduled ??= setImmediate(() => this.#flush());
  }

  /** Forgets news that is no longer true. */
  retract(selection: SelectionName): void {
    this.#waiting.delete(selection);
  }

  clear(): void {
    this.#waiting.clear();
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
  }

  #flush(): void {
    this.#scheduled = undefined;
    for (const [selection, news] of [...this.#waiting]) {
      if (this.#waiting.get(selection) !== news) continue; // retracted by a listener before it
      this.#waiting.delete(selection);
      this.#tell(selection, news);
    }
  }
}
