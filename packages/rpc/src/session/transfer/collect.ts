import type { IncomingContent } from './incoming.ts';

/** Gathers content whose size has been announced and allowed in one buffer of exactly that size. */
export async function collectContent(
  incoming: IncomingContent,
): Promise<{ readonly type: string; readonly bytes: Buffer }> {
  const bytes = Buffer.allocUnsafeSlow(incoming.size);
  let filled = 0;
  for await (const piece of incoming.content) {
    bytes.set(piece, filled);
    filled += piece.byteLength;
  }
  return { type: incoming.type, bytes };
}
