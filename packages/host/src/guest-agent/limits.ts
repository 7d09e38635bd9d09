/**
 * Milliseconds that an answer may take unless told otherwise: a session is asked in between, which itself may take 10 s. Commands that may
 * take as long as they take have no limit, but this one until they can be sent: what was not sent has done no harm.
 */
export const DEFAULT_ANSWER_TIMEOUT_MS = 15_000;

/** How much longer than a program of a session the guest is waited for, in milliseconds: it tells of one that was too slow. */
export const SESSION_CALL_GRACE_MS = 5_000;

/**
 * Milliseconds until a guest-sync-delimited that was not answered is sent once more: a guest that starts anew meanwhile has lost the first
 * one. libvirt allows as much for an answer. Each further time it is twice as long, so that a guest that is only slow is not overrun.
 */
export const SYNC_REPEAT_MS = 5_000;

/** The longest pause between two of them, in milliseconds. */
export const SYNC_REPEAT_MAX_MS = 60_000;

/** Commands that may wait for their turn. Each waits for those before it. */
export const WAITING_COMMANDS_MAX = 256;

/** Bytes of content in one command, before base64: what guest-clipboard-set takes at most is twice that (docs/guest-agent.md). */
export const PIECE_BYTES = 2 * 1024 * 1024;
