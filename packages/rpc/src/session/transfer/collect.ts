import type { IncomingContent } from './incoming.ts';

/** Below this many bytes content shares memory with other small things of Node's pool, which they then keep alive: 8 KiB. */
const POOLED_BYTES = 1024;

/** Gathers content whose size has been announced and allowed in one buffer of exactly that size. */
export async function collectContent(
  incoming: IncomingContent,
): Promise<{ readonly type: string; readonly bytes: Buffer }> {
  const { size } = incoming;
  // Small content is not worth memory of its own.
  const bytes = size < POOLED_BYTES ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size);
  await incoming.content.gatherInto(bytes);
  return { type: incoming.type, bytes };
}
