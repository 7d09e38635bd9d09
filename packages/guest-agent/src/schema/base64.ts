/**
 * The bytes of a base64 text with padding (RFC 4648, section 4); undefined if it is none, or too long. Node skips what it does not know;
 * here a text is right or refused.
 */
export function decodeBase64(text: string, bytesMax: number): Buffer | undefined {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const size = (text.length / 4) * 3 - padding;
  if (text.length % 4 !== 0 || size > bytesMax) return undefined;
  // Node takes the URL alphabet too. A character that it skips makes the result shorter than the text promises.
  if (text.includes('-') || text.includes('_')) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === size ? bytes : undefined;
}
