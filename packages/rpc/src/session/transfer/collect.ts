import type { IncomingContent } from './incoming.ts';

/** Gathers content whose size has been announced and allowed in one buffer of exactly that size. */
export async function collectContent(
  incoming: IncomingContent,
): Promise<{ readonly type: string; readonly bytes: Buffer }> {
  const bytes = Buffer.allocUnsafeSlow(incoming.size);
  await incoming.content.gatherInto(bytes);
  return { type: incoming.type, bytes };
}
