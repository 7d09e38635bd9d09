import { Capability, type CapabilitySet, type ClipboardFormat, negotiateClipboardFormat } from '@clipmux/vdagent';
import type { HostFeatures } from '../arbiter/index.ts';
import { OWN_CAPABILITIES } from './capabilities.ts';
import { type HostKind, hostKindOf } from './host-kind.ts';

/** What both sides have agreed on. */
export interface Agreement {
  readonly kind: HostKind;
  readonly capabilities: CapabilitySet;
  readonly format: ClipboardFormat;
  /** What the arbiter must know; null where the host does not do clipboards (QEMU without `clipboard=on`). */
  readonly features: HostFeatures | null;
}

/** What the handshake asks for: an announcement of ours, or the agreement that has been reached. */
export interface HandshakeStep {
  /** Send our capabilities; `request` asks for the host's. */
  readonly announce?: { readonly request: boolean };
  readonly agreement?: Agreement;
}

/**
 * The exchange of capabilities, without I/O.
 *
 * A guest answers every announcement that asks, and announces unprompted only when none has come for a while after the port
 * opened. Doing both would go round for ever: with serials, a second announcement in one connection makes QEMU close its side.
 */
export class Handshake {
  #announced = false;

  /** The port has opened: nothing has been said. */
  reset(): void {
    this.#announced = false;
  }

  /** No announcement has come in `ANNOUNCE_WAIT_MS`: the host waits for ours (QEMU before mid-2024). */
  waited(): HandshakeStep {
    if (this.#announced) return {};
    this.#announced = true;
    return { announce: { request: true } };
  }

  /** The host has announced itself: at the start, as an answer, or because a new client has connected. */
  heard(capabilities: CapabilitySet, request: boolean): HandshakeStep {
    const agreement = agree(capabilities);
    // An announcement that asks for nothing and answers nothing still needs ours, or the host would never know us.
    const announce = request || !this.#announced;
    this.#announced = true;
    return announce ? { announce: { request: false }, agreement } : { agreement };
  }
}

function agree(capabilities: CapabilitySet): Agreement {
  const kind = hostKindOf(capabilities);
  const format = negotiateClipboardFormat(OWN_CAPABILITIES, capabilities);
  const features: HostFeatures = {
    selections: format.selection ? ['clipboard', 'primary'] : ['clipboard'],
    // QEMU lacks the capability, and yet takes a grab over a grab as it should (ui/vdagent.c, ui/clipboard.c).
    releaseBeforeRegrab: kind !== 'qemu' && !capabilities.has(Capability.CLIPBOARD_NO_RELEASE_ON_REGRAB),
  };
  return {
    kind,
    capabilities,
    format,
    features: capabilities.has(Capability.CLIPBOARD_BY_DEMAND) ? features : null,
  };
}
