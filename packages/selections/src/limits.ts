/** Every bound of the X11 backend, and why it is what it is. Times in milliseconds. */
export interface Limits {
  /** An owner that makes no progress on a read for this long is given up. GTK and Qt programs wait about as long. */
  readonly ownerSilenceMs: number;
  /** A requestor that takes no piece of an INCR transfer for this long loses the transfer. */
  readonly requestorStallMs: number;
  /** A provider that has given nothing for this long is aborted, and its requestor refused. */
  readonly providerMs: number;
  /** An X server that leaves a request unanswered for this long counts as lost. A grab by another client delays answers. */
  readonly replyMs: number;
  /** How long connecting may take in all. */
  readonly connectMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  ownerSilenceMs: 5_000,
  requestorStallMs: 30_000,
  providerMs: 30_000,
  replyMs: 30_000,
  connectMs: 15_000,
};

/** Types that one offer may hold, either way: programs list up to some twenty, LibreOffice about thirty. */
export const MAX_TYPES = 64;
/** Longest name of a type, in bytes: what fits X11 programs' and the session wire's expectations alike. */
export const MAX_TYPE_BYTES = 255;
/** Atoms of a TARGETS list that are looked at; each unknown one costs a round trip, sent together. */
export const MAX_TARGET_ATOMS = 512;
/** Longest TARGETS list that is read at all. */
export const MAX_TARGETS_BYTES = 256 * 1024;
/** Largest piece of a property that one GetProperty asks for: larger replies gain nothing and cost memory. */
export const MAX_PROPERTY_READ_BYTES = 4 * 1024 * 1024;
/** Largest content in one ChangeProperty, and the size of an INCR piece: 1 MiB measured fastest. */
export const MAX_PROPERTY_WRITE_BYTES = 1024 * 1024;
/** Reads under way at once; each holds up to its `maxBytes`. */
export const MAX_READS = 16;
/** Conversions for requestors under way at once, in all … */
export const MAX_CONVERSIONS = 256;
/** … and for one client of the X server, so that one program cannot use up all of them. */
export const MAX_CONVERSIONS_PER_CLIENT = 32;
/** A requestor's window is watched, so that its end is noticed, once the content it waits for has taken this long, in ms. */
export const WATCH_AFTER_MS = 50;
/** Time, in ms, in which a requestor that was refused a type is refused it again without asking: it is only trying the next target. */
export const REFUSAL_MEMORY_MS = 500;
/** Pairs of a MULTIPLE request that are answered; later ones are refused. */
export const MAX_MULTIPLE_PAIRS = 64;
/** Atom names kept; beyond it the cache starts anew. */
export const MAX_CACHED_ATOMS = 1024;
/** How long a close waits, in milliseconds, for the server to process what was requested before it. */
export const CLOSE_GRACE_MS = 1_000;
