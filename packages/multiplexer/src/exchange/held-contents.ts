import type { Selection, SessionId } from '../arbiter/index.ts';

/** Content that an administrator has set, by MIME type. */
export type HeldContent = ReadonlyMap<string, Uint8Array>;

/** The bytes of what the arbiter calls held: at most one content a session and selection. */
export class HeldContents {
  readonly #contents = new Map<string, HeldContent>();

  set(session: SessionId, selection: Selection, content: HeldContent): void {
    this.#contents.set(key(session, selection), content);
  }

  get(session: SessionId, selection: Selection, type: string): Uint8Array | undefined {
    return this.#contents.get(key(session, selection))?.get(type);
  }

  drop(session: SessionId, selection: Selection): void {
    this.#contents.delete(key(session, selection));
  }
}

function key(session: SessionId, selection: Selection): string {
  return `${session} ${selection}`;
}
