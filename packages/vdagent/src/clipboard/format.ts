import type { CapabilitySet } from '../capabilities.ts';
import { Capability } from '../constants.ts';

/** How both sides have agreed to write clipboard messages. */
export interface ClipboardFormat {
  /** Each begins with `selection u8` and 3 bytes of padding. Without it there is only CLIPBOARD. */
  readonly selection: boolean;
  /** A grab carries `serial u32`. */
  readonly grabSerial: boolean;
}

/** Each of the two is used if both sides announced it. */
export function negotiateClipboardFormat(own: CapabilitySet, peer: CapabilitySet): ClipboardFormat {
  const both = (capability: number): boolean => own.has(capability) && peer.has(capability);
  return {
    selection: both(Capability.CLIPBOARD_SELECTION),
    grabSerial: both(Capability.CLIPBOARD_GRAB_SERIAL),
  };
}
