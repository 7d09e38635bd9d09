import { TEXT_MIME } from './content-types.ts';
import type { HostKind } from './host-kind.ts';

/** Largest text looked at: QEMU's VNC server and its vdagent both carry no more than 1 MiB. */
export const VNC_TEXT_BYTES_MAX = 1024 * 1024;

const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;

/** Whether a content may be text that QEMU's VNC server has changed, so that it must be seen whole. */
export function mayBeVncText(kind: HostKind, type: string, size: number): boolean {
  return kind === 'qemu' && type === TEXT_MIME && size > 0 && size <= VNC_TEXT_BYTES_MAX;
}

/**
 * Undoes what a VNC viewer and QEMU's VNC server do to text: the extended clipboard sends CR LF for LF and a NUL at the end
 * (rfbproto, "Extended Clipboard Pseudo-Encoding"), and QEMU hands both on. Text without exactly that mark is returned as it is:
 * it ends in one NUL, and every LF follows a CR.
 */
export function normaliseVncText(text: Uint8Array): Uint8Array {
  const end = text.length - 1;
  if (text[end] !== NUL) return text;
  const normalised = Buffer.allocUnsafe(end);
  let length = 0;
  for (let index = 0; index < end; index += 1) {
    const byte = text[index] as number; // within bounds
    if (byte === NUL) return text;
    if (byte === LF) {
      if (text[index - 1] !== CR) return text;
      length -= 1;
    }
    normalised[length] = byte;
    length += 1;
  }
  return normalised.subarray(0, length);
}
