/** Bytes of Latin-1 (the type STRING, ICCCM 2.7.1) as UTF-8. The same bytes where all are ASCII. */
export function latin1ToUtf8(bytes: Uint8Array): Uint8Array {
  let high = 0;
  for (const byte of bytes) high += byte >> 7;
  if (high === 0) return bytes;
  const out = Buffer.allocUnsafeSlow(bytes.length + high);
  let at = 0;
  for (const byte of bytes) {
    if (byte < 0x80) {
      out[at++] = byte;
    } else {
      out[at++] = 0xc0 | (byte >> 6);
      out[at++] = 0x80 | (byte & 0x3f);
    }
  }
  return out;
}

/**
 * UTF-8 as Latin-1, or undefined where the text holds a character above U+00FF or is not well-formed.
 * The same bytes where all are ASCII.
 */
export function utf8ToLatin1(bytes: Uint8Array): Uint8Array | undefined {
  let high = 0;
  for (const byte of bytes) if (byte >= 0x80) high++;
  if (high === 0) return bytes;
  if (high % 2 !== 0) return undefined;
  const out = Buffer.allocUnsafeSlow(bytes.length - high / 2);
  let at = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte < 0x80) {
      out[at++] = byte;
      continue;
    }
    // U+0080 to U+00FF are exactly the two-byte sequences that start with C2 or C3.
    const next = bytes[++i];
    if ((byte !== 0xc2 && byte !== 0xc3) || next === undefined || (next & 0xc0) !== 0x80) return undefined;
    out[at++] = ((byte & 0x03) << 6) | (next & 0x3f);
  }
  return out;
}
