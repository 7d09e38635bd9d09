import { Capability, type CapabilitySet, MessageType } from '@clipmux/vdagent';

/** Capabilities that are the clipboard's: ours towards the host, nobody's towards the stock daemon. Line ends are those of its text. */
const CLIPBOARD_CAPABILITIES = [
  Capability.CLIPBOARD,
  Capability.CLIPBOARD_BY_DEMAND,
  Capability.CLIPBOARD_SELECTION,
  Capability.GUEST_LINEEND_LF,
  Capability.GUEST_LINEEND_CRLF,
  Capability.MAX_CLIPBOARD,
  Capability.CLIPBOARD_NO_RELEASE_ON_REGRAB,
  Capability.CLIPBOARD_GRAB_SERIAL,
] as const;

/** Messages that each side of the relay speaks for itself. */
const OWN_MESSAGES: ReadonlySet<number> = new Set([
  MessageType.ANNOUNCE_CAPABILITIES,
  MessageType.CLIPBOARD,
  MessageType.CLIPBOARD_GRAB,
  MessageType.CLIPBOARD_REQUEST,
  MessageType.CLIPBOARD_RELEASE,
  MessageType.MAX_CLIPBOARD,
]);

/** What is left of a side's capabilities for the other side of the relay. */
export function withoutClipboard(capabilities: CapabilitySet): CapabilitySet {
  return capabilities.without(...CLIPBOARD_CAPABILITIES);
}

/** Whether a message of this type crosses the relay. One that nobody here knows does. */
export function isRelayed(type: number): boolean {
  return !OWN_MESSAGES.has(type);
}
