import { TRANSFER_WINDOW_BYTES } from '@clipmux/rpc';

/** Time, in ms, that a host has to announce itself first when the port opens. New QEMU and SPICE clients do at once; QEMU 7.2 waits for us. */
export const ANNOUNCE_WAIT_MS = 200;

/**
 * How long, in ms, an answer that nobody waits for any more may still come from a host that never drops one (SPICE), and is
 * then discarded instead of being taken for the next request's.
 */
export const LATE_ANSWER_MS = 60_000;

/**
 * Content up to this many bytes is gathered before the first byte goes to the host, so that an owner that fails midway becomes
 * an empty answer. An agent sends no more than this ahead. What is larger is begun once this much is there: if it then breaks off, the link must be reset, because a
 * message's size is told before its first byte. As much as the session wire's window, so it costs no extra round trip.
 */
export const GATHER_BYTES = TRANSFER_WINDOW_BYTES;

/**
 * Content, in bytes, that goes to the port in one write: most of what a unix socket takes at once (net.core.wmem_default is 208 KiB).
 */
export const PORT_WRITE_BYTES = 128 * 1024;

/** What the administrator may set; looked at when it is needed, so that a change holds from then on. */
export interface HostLinkSettings {
  /** Largest content taken from the host for one paste, in bytes. */
  readonly maxContentBytes: number;
  /** Undo what QEMU's VNC server does to text. */
  readonly normaliseVncText: boolean;
  /**
   * Time, in ms, in which the host must begin to answer, and between two pieces of an answer. QEMU drops answers past 1 MiB and
   * says nothing, so a person waits this long before the paste is given up.
   */
  readonly hostAnswerMs: number;
  /**
   * Time, in ms, after a handshake in which a host repeats what it owns. QEMU and spice-gtk send it with or right after their
   * capabilities. Until then the guest offers nothing, so that a standing offer of the host is not overridden by a reconnect.
   */
  readonly settleMs: number;
  /** Requests of the host that may wait for their answers, those included that the port has not taken yet. */
  readonly maxHostRequests: number;
}

export const DEFAULT_HOST_LINK_SETTINGS: HostLinkSettings = {
  // The largest clipboard that is known to be used, twice over.
  maxContentBytes: 512 * 1024 * 1024,
  normaliseVncText: true,
  hostAnswerMs: 8_000,
  settleMs: 200,
  maxHostRequests: 64,
};
