/** What has to be asked of logind: all properties of one object. Its answer comes back as `…-read` or `…-unreadable`. */
export interface ReadEffect {
  readonly kind: 'read-session' | 'read-seat';
  readonly path: string;
  /** Tells this read from others of the same path. */
  readonly read: number;
}

/**
 * One object of logind. While a read is under way, `changes` holds what signals have said since it began: they are applied on top of
 * the answer, so that an answer that is older than a signal never undoes it.
 */
interface Entry<Properties extends object, Changes extends object> {
  properties: Properties | undefined;
  /** The read whose answer is awaited; older ones no longer count. */
  reading: number | undefined;
  changes: Changes | undefined;
}

/** The objects of one kind, by path: announced, read, changed, gone. Pure: each method returns what has to be read now. */
export class Objects<Properties extends object, Changes extends object> {
  readonly #kind: ReadEffect['kind'];
  readonly #entries = new Map<string, Entry<Properties, Changes>>();
  #reads = 0;

  constructor(kind: ReadEffect['kind']) {
    this.#kind = kind;
  }

  /** It exists. */
  add(path: string): readonly ReadEffect[] {
    return this.#entries.has(path) ? [] : this.readAgain(path);
  }

  /** It is new: what may have had this path before was another. */
  replace(path: string): readonly ReadEffect[] {
    this.#entries.delete(path);
    return this.readAgain(path);
  }

  remove(path: string): readonly ReadEffect[] {
    this.#entries.delete(path);
    return [];
  }

  /** A signal told new values. */
  change(path: string, changes: Changes): readonly ReadEffect[] {
    const entry = this.#entries.get(path);
    // logind signals changes of what it has announced, so the announcement was missed or the object could not be read: look again.
    if (entry === undefined) return this.readAgain(path);
    if (entry.properties !== undefined) entry.properties = { ...entry.properties, ...changes };
    if (entry.reading !== undefined) entry.changes = { ...(entry.changes ?? {}), ...changes };
    return [];
  }

  /** What is known of it is out of date, and so may be the answer that is awaited: only another read is sure to be newer. */
  readAgain(path: string): readonly ReadEffect[] {
    const read = ++this.#reads;
    this.#entries.set(path, { properties: this.#entries.get(path)?.properties, reading: read, changes: undefined });
    return [{ kind: this.#kind, path, read }];
  }

  /** The answer to a read; undefined if it can't be read, which means that it exists no longer. */
  answer(path: string, read: number, properties: Properties | undefined): readonly ReadEffect[] {
    const entry = this.#entries.get(path);
    if (entry?.reading !== read) return []; // it went while it was read, or is being read anew
    if (properties === undefined) return this.remove(path);
    this.#entries.set(path, {
      properties: { ...properties, ...entry.changes },
      reading: undefined,
      changes: undefined,
    });
    return [];
  }

  /** Whether any is known by name alone as yet. */
  get incomplete(): boolean {
    for (const { properties } of this.#entries.values()) if (properties === undefined) return true;
    return false;
  }

  /** Properties of those that have been read. */
  *known(): Iterable<Properties> {
    for (const { properties } of this.#entries.values()) if (properties !== undefined) yield properties;
  }

  propertiesOf(path: string): Properties | undefined {
    return this.#entries.get(path)?.properties;
  }
}
