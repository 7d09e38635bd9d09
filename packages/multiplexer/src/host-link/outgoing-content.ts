/** Content of known size that arrives piece by piece. */
export interface OutgoingContent {
  readonly size: number;
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** The beginning of a content, held, and the rest, still to come. */
export interface GatheredContent {
  readonly held: readonly Uint8Array[];
  /** Null where everything is held. */
  readonly rest: AsyncIterator<Uint8Array> | null;
}

/**
 * Takes the first `limit` bytes or all there is. While nothing has gone to the host a failure costs only this answer.
 * Throws what the content throws, and an Error where it ends before its size.
 */
export async function gather(content: OutgoingContent, limit: number): Promise<GatheredContent> {
  const iterator = content.pieces[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let length = 0;
  while (length < content.size) {
    if (length >= limit) return { held, rest: iterator };
    const next = await iterator.next();
    if (next.done) throw new Error(`the content ended after ${length} of ${content.size} bytes`);
    held.push(next.value);
    length += next.value.length;
  }
  return { held, rest: null };
}
