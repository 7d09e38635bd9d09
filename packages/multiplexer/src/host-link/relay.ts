import type { CapabilitySet, ChunkPort, MessageHeader } from '@clipmux/vdagent';

/** Whoever does what is not of the clipboard. Called synchronously, in the order of the wire. */
export interface HostRelay {
  /** What the host is told that the guest can, beside the clipboard. */
  readonly capabilities: CapabilitySet;
  /** The host has announced itself; with `request` it is a client that has just connected. `spice`: it is no QEMU. */
  announced(capabilities: CapabilitySet, request: boolean, spice: boolean): void;
  /** A message that the clipboard's link makes nothing of, or not alone. `body` is the relay's. */
  message(chunkPort: ChunkPort, header: MessageHeader, body: Uint8Array): void;
  /** The port has closed. */
  detached(): void;
}
