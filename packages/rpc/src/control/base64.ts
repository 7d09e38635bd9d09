import { RpcError } from '../peer/index.ts';
import { CONTROL_PIECE_BYTES_MAX } from './limits.ts';

/** Bytes as the control socket carries them: base64 with padding (RFC 4648, section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/**
 * The bytes of a base64 text. Node skips what it does not know; here a text is right or refused.
 * @param member what the text is, for the error
 * @param errorName as in `parseFields`
 * @throws {RpcError} if it is not base64, or longer than {@link CONTROL_PIECE_BYTES_MAX}
 */
export function decodeBase64(
  text: string,
  member: string,
  errorName: 'invalid-params' | 'protocol-error' = 'invalid-params',
): Buffer {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const size = (text.length / 4) * 3 - padding;
  if (size > CONTROL_PIECE_BYTES_MAX) {
    throw new RpcError(errorName, `${member} must be at most ${CONTROL_PIECE_BYTES_MAX} bytes before base64`);
  }
  // Node takes the URL alphabet too. A character that it skips makes the result shorter than the text promises.
  const bytes = /[-_]/.test(text) ? undefined : Buffer.from(text, 'base64');
  if (bytes === undefined || text.length % 4 !== 0 || bytes.length !== size) {
    throw new RpcError(errorName, `${member} must be base64 with padding`);
  }
  return bytes;
}
