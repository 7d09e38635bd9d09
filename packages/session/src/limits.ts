/** Largest content, in bytes, that passes in either direction, unless clipmuxd asks for less: as much as clipmuxd takes. */
export const MAX_CONTENT_BYTES = 512 * 1024 * 1024;

/**
 * Time, in ms, that content of the host's stays at hand after the last program took it. Programs ask for the same content
 * several times in a row (a type to look at, then the type to paste); what is kept longer costs memory for nothing.
 */
export const CONTENT_LINGER_MS = 1_000;

/** Longest wait, in ms, between two attempts to reach clipmuxd. It is only away while it is being restarted or upgraded. */
export const RECONNECT_CEILING_MS = 5_000;

/** Time, in ms, in which clipmuxd must answer hello; it may have to ask logind. */
export const HELLO_ANSWER_TIMEOUT_MS = 15_000;

/**
 * Time, in ms, that clipmuxd may take nothing of a content that it asked for. The host sets the pace here, perhaps over a slow
 * line, and what waits is this agent's own memory.
 */
export const SEND_STALL_TIMEOUT_MS = 60_000;

/** Content from this many bytes on is worth giving its memory back for. */
export const LARGE_CONTENT_BYTES = 4 * 1024 * 1024;

/**
 * Times, in ms, after the last large content at which memory is given back: not between two pastes of the same, and again for
 * content that a slow program was still taking (a stalled one is given up after 30 s).
 */
export const TRIM_DELAYS_MS = [2_000, 10_000, 40_000] as const;

/**
 * Time, in ms, in which a password manager must say whether what it offers is a password. Any program answers in a few ms; the host is
 * told of the copy only then.
 */
export const PASSWORD_MARK_TIMEOUT_MS = 1_000;

/** Bytes of that answer at most: it is one short word. */
export const PASSWORD_MARK_BYTES_MAX = 64;

/**
 * Least time, in ms, between two notices of pastes that were cut short. A program that asks for one type after the other is cut short
 * several times by one keystroke.
 */
export const NOTICE_INTERVAL_MS = 10_000;

/**
 * Time, in ms, that showing a notice may take in all: connecting to the session bus, and a notification service that the bus may have to
 * start first.
 */
export const NOTICE_TIMEOUT_MS = 10_000;
