import { RpcError, type TimerHandle, type Timers } from '@clipmux/rpc';
import type { ContentBudget } from './content-budget.ts';
import type { HeldContent } from './control-target.ts';

/** How much handles may hold, and for how long. */
export interface HandleLimits {
  readonly handles: number;
  readonly contentBytes: number;
  readonly typesMax: number;
  readonly idleMs: number;
}

interface Snapshot {
  readonly kind: 'snapshot';
  readonly bytes: Buffer;
}

/** Pieces by type, in the order in which the types came. */
interface Upload {
  readonly kind: 'upload';
  readonly pieces: Map<string, Buffer[]>;
}

interface Entry {
  readonly content: Snapshot | Upload;
  size: number;
  timer: TimerHandle | undefined;
}

/** What is held between calls for one connection, or for several that belong together: content that is read piece by piece, and content that is sent so. */
export class Handles {
  readonly #limits: HandleLimits;
  readonly #budget: ContentBudget;
  readonly #timers: Timers;
  readonly #entries = new Map<number, Entry>();
  #reserved = 0;
  #lastHandle = 0;
  #closed = false;

  constructor(limits: HandleLimits, budget: ContentBudget, timers: Timers) {
    this.#limits = limits;
    this.#budget = budget;
    this.#timers = timers;
  }

  /**
   * Reads a content into a new handle.
   * @throws {RpcError} `limit-exceeded`, `too-large`, or what the reading throws
   */
  async take(size: number, pieces: AsyncIterable<Uint8Array>): Promise<number> {
    let reserved = false;
    let taken = false;
    const iterator = pieces[Symbol.asyncIterator]();
    try {
      this.#checkRoom();
      this.#checkSize(size);
      this.#budget.take(size);
      taken = true;
      this.#reserved += 1;
      reserved = true;
      const bytes = await gather(iterator, size);
      if (this.#closed) throw new RpcError('connection-closed', 'the connection is over');
      taken = false;
      return this.#add({ kind: 'snapshot', bytes }, size);
    } catch (error) {
      await iterator.return?.();
      throw error;
    } finally {
      if (reserved) this.#reserved -= 1;
      if (taken) this.#budget.give(size);
    }
  }

  /** A piece of a content. @throws {RpcError} `no-such-handle`, `invalid-params` */
  read(handle: number, offset: number, size: number): { readonly bytes: Buffer; readonly eof: boolean } {
    const { content } = this.#use(handle);
    if (content.kind !== 'snapshot') throw new RpcError('invalid-params', `handle ${handle} is one to write to`);
    const bytes = content.bytes.subarray(offset, offset + size);
    return { bytes, eof: offset + size >= content.bytes.length };
  }

  /** A new handle to write to. @throws {RpcError} `limit-exceeded` */
  begin(): number {
    this.#checkRoom();
    return this.#add({ kind: 'upload', pieces: new Map() }, 0);
  }

  /** Adds to the content of that type. @returns its bytes so far. @throws {RpcError} `no-such-handle`, `too-large`, `limit-exceeded` */
  append(handle: number, type: string, bytes: Buffer): number {
    const { entry, pieces } = this.#upload(handle);
    let list = pieces.get(type);
    if (list === undefined && pieces.size >= this.#limits.typesMax) {
      throw new RpcError('limit-exceeded', `a content has at most ${this.#limits.typesMax} types`);
    }
    this.#checkSize(entry.size + bytes.length);
    this.#budget.take(bytes.length);
    entry.size += bytes.length;
    if (list === undefined) {
      list = [];
      pieces.set(type, list);
    }
    list.push(bytes);
    return list.reduce((sum, piece) => sum + piece.length, 0);
  }

  /** All that was written. The handle stays until {@link close}. @throws {RpcError} `no-such-handle`, `invalid-params` */
  contents(handle: number): readonly HeldContent[] {
    const { pieces } = this.#upload(handle);
    if (pieces.size === 0) throw new RpcError('invalid-params', `nothing was written to handle ${handle}`);
    return [...pieces].map(([type, list]) => ({ type, bytes: Buffer.concat(list) }));
  }

  /** Whether that handle is open. Does not count as using it. */
  has(handle: number): boolean {
    return this.#entries.has(handle);
  }

  /** @throws {RpcError} `no-such-handle` */
  close(handle: number): void {
    const entry = this.#find(handle);
    this.#entries.delete(handle);
    if (entry.timer !== undefined) this.#timers.clear(entry.timer);
    this.#budget.give(entry.size);
  }

  /** The connection is over. */
  closeAll(): void {
    this.#closed = true;
    for (const handle of [...this.#entries.keys()]) this.close(handle);
  }

  #add(content: Snapshot | Upload, size: number): number {
    this.#lastHandle += 1;
    const entry: Entry = { content, size, timer: undefined };
    this.#entries.set(this.#lastHandle, entry);
    this.#restart(this.#lastHandle, entry);
    return this.#lastHandle;
  }

  #find(handle: number): Entry {
    const entry = this.#entries.get(handle);
    if (entry !== undefined) return entry;
    const seconds = this.#limits.idleMs / 1000;
    throw new RpcError(
      'no-such-handle',
      `there is no handle ${handle} here; one that is not used for ${seconds} s is closed`,
    );
  }

  #use(handle: number): Entry {
    const entry = this.#find(handle);
    this.#restart(handle, entry);
    return entry;
  }

  #upload(handle: number): { readonly entry: Entry; readonly pieces: Map<string, Buffer[]> } {
    const entry = this.#use(handle);
    if (entry.content.kind !== 'upload') throw new RpcError('invalid-params', `handle ${handle} is one to read from`);
    return { entry, pieces: entry.content.pieces };
  }

  #restart(handle: number, entry: Entry): void {
    if (entry.timer !== undefined) this.#timers.clear(entry.timer);
    entry.timer = this.#timers.set(() => this.close(handle), this.#limits.idleMs);
  }

  #checkRoom(): void {
    if (this.#entries.size + this.#reserved < this.#limits.handles) return;
    throw new RpcError('limit-exceeded', `there are ${this.#limits.handles} handles already: close one`);
  }

  #checkSize(bytes: number): void {
    if (bytes <= this.#limits.contentBytes) return;
    throw new RpcError('too-large', `${bytes} bytes: one content may have at most ${this.#limits.contentBytes} here`);
  }
}

/** Exactly the announced bytes. */
async function gather(iterator: AsyncIterator<Uint8Array>, size: number): Promise<Buffer> {
  // Not from the pool, and not touched before it is written: an owner that announces much and sends little costs nothing.
  const bytes = Buffer.allocUnsafeSlow(size);
  let at = 0;
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    if (at + next.value.length > size) throw new RpcError('internal', 'the owner sent more than it had announced');
    bytes.set(next.value, at);
    at += next.value.length;
  }
  if (at < size) throw new RpcError('owner-died', `the content broke off after ${at} of ${size} bytes`);
  return bytes;
}
