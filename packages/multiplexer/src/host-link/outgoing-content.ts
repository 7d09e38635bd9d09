import type { PieceSource } from '@clipmux/rpc';

/** Content of known size that arrives piece by piece. */
export interface OutgoingContent {
  readonly size: number;
  readonly pieces: AsyncIterable<Uint8Array>;
}

/**
 * Waits until the first `limit` bytes of `size` lie ready in the source, or all. While nothing has gone to the host a failure
 * costs only this answer. Throws as {@link waitForMore}.
 */
export async function gather(source: PieceSource, size: number, limit: number): Promise<void> {
  while (source.available < Math.min(size, limit)) await waitForMore(source);
}

/** Waits until there is more than now. Throws what the content throws, and an Error where it has ended. */
export async function waitForMore(source: PieceSource): Promise<void> {
  const before = source.available;
  while (source.available === before) {
    if (source.failure !== undefined) throw source.failure.error;
    if (source.ended) throw new Error('the content ended before its size');
    await new Promise<void>((resolve) => source.more(resolve));
  }
}
