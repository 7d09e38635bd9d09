import { Capability, CapabilitySet, QEMU_CHUNK_DATA_SIZE, VD_AGENT_MAX_DATA_SIZE } from '@clipmux/vdagent';

/**
 * Whose behaviour the endpoint shows: `qemu` as QEMU's vdagent chardev (`ui/vdagent.c`), `spice` as a spice-gtk client behind
 * spice-server. Images cross in both, which QEMU's own does not do.
 */
export type Manner = 'qemu' | 'spice';

/** Who begins the handshake: the host as soon as a guest is there, or the guest (QEMU before mid-2024). */
export type Announce = 'at-open' | 'when-asked';

/** The largest content that {@link HostOptions.maxPasteSize} takes from a guest unless told otherwise: 1 GiB. */
export const DEFAULT_MAX_PASTE_SIZE = 1024 * 1024 * 1024;

/** `VDAGENT_BUFFER_LIMIT` of QEMU's `ui/vdagent.c`: a message that would exceed it is dropped. For `outputLimit`. */
export const QEMU_OUTPUT_LIMIT = 1024 * 1024;

/** Choices of a host endpoint; the manner sets the defaults. Sizes are in bytes. */
export interface HostOptions {
  /** Default: `qemu`. */
  readonly manner?: Manner;
  /** Default: `at-open`. */
  readonly announce?: Announce;
  /** Announce CLIPBOARD_SELECTION. Default: yes. Without it there is only CLIPBOARD. */
  readonly selection?: boolean;
  /** Announce CLIPBOARD_GRAB_SERIAL. Default: yes. */
  readonly grabSerial?: boolean;
  /** Announce CLIPBOARD_NO_RELEASE_ON_REGRAB. Default: in the manner of SPICE only. */
  readonly noReleaseOnRegrab?: boolean;
  /** Announce MOUSE_STATE. Default: yes, as both do. */
  readonly mouseState?: boolean;
  /** Announce MAX_CLIPBOARD. Default: no; it is the guest that announces it. */
  readonly announceMaxClipboard?: boolean;
  /** Sent as MAX_CLIPBOARD to each guest that announces the capability: the largest content taken; -1 for no limit. */
  readonly maxClipboard?: number;
  /** Announce exactly this, whatever the switches above say. */
  readonly capabilities?: CapabilitySet;
  /** Payload bytes of a chunk. Default: 1024 in QEMU's manner, else 2048. */
  readonly chunkSize?: number;
  /** The largest content read from a guest. Default: {@link DEFAULT_MAX_PASTE_SIZE}. */
  readonly maxPasteSize?: number;
  /** Offer what the host holds to every guest that connects or announces itself anew. Default: yes. */
  readonly reoffer?: boolean;
  /**
   * Close the link on a second announcement of one guest where GRAB_SERIAL is in use, as QEMU does to begin with serial 0 again.
   * Default: in QEMU's manner only.
   */
  readonly closeOnSecondAnnouncement?: boolean;
  /** The clock of all events' `at`, in milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
}

/** {@link HostOptions} with every default filled in. */
export interface HostSettings {
  readonly manner: Manner;
  readonly announce: Announce;
  readonly capabilities: CapabilitySet;
  readonly maxClipboard: number | undefined;
  readonly chunkSize: number;
  readonly maxPasteSize: number;
  readonly reoffer: boolean;
  readonly closeOnSecondAnnouncement: boolean;
  readonly now: () => number;
}

/** Fills in the defaults of the manner. */
export function hostSettings(options: HostOptions): HostSettings {
  const manner = options.manner ?? 'qemu';
  return {
    manner,
    announce: options.announce ?? 'at-open',
    capabilities: options.capabilities ?? announcedCapabilities(manner, options),
    maxClipboard: options.maxClipboard,
    chunkSize: options.chunkSize ?? (manner === 'qemu' ? QEMU_CHUNK_DATA_SIZE : VD_AGENT_MAX_DATA_SIZE),
    maxPasteSize: options.maxPasteSize ?? DEFAULT_MAX_PASTE_SIZE,
    reoffer: options.reoffer ?? true,
    closeOnSecondAnnouncement: options.closeOnSecondAnnouncement ?? manner === 'qemu',
    now: options.now ?? (() => performance.now()),
  };
}

function announcedCapabilities(manner: Manner, options: HostOptions): CapabilitySet {
  // spice-gtk's channel-main.c, agent_announce_caps, announces these beside the clipboard's.
  const base =
    manner === 'spice'
      ? CapabilitySet.of(
          Capability.MONITORS_CONFIG,
          Capability.REPLY,
          Capability.DISPLAY_CONFIG,
          Capability.MONITORS_CONFIG_POSITION,
          Capability.FILE_XFER_DETAILED_ERRORS,
        )
      : CapabilitySet.EMPTY;
  const chosen = [Capability.CLIPBOARD_BY_DEMAND as number];
  if (options.mouseState ?? true) chosen.push(Capability.MOUSE_STATE);
  if (options.selection ?? true) chosen.push(Capability.CLIPBOARD_SELECTION);
  if (options.grabSerial ?? true) chosen.push(Capability.CLIPBOARD_GRAB_SERIAL);
  if (options.noReleaseOnRegrab ?? manner === 'spice') chosen.push(Capability.CLIPBOARD_NO_RELEASE_ON_REGRAB);
  if (options.announceMaxClipboard ?? false) chosen.push(Capability.MAX_CLIPBOARD);
  return base.with(...chosen);
}
