/** Milliseconds that an answer may take unless told otherwise: a session is asked in between, which itself may take 10 s. */
export const DEFAULT_ANSWER_TIMEOUT_MS = 15_000;

/** How much longer than a program of a session the guest is waited for, in milliseconds: it tells of one that was too slow. */
export const SESSION_CALL_GRACE_MS = 5_000;

/** Milliseconds that the guest may take to answer a guest-sync-delimited; libvirt allows as much. */
export const SYNC_TIMEOUT_MS = 5_000;

/** Commands that may wait for their turn. Each waits for those before it. */
export const WAITING_COMMANDS_MAX = 256;

/** Bytes of content in one command, before base64: what guest-clipboard-set takes at most is twice that (docs/guest-agent.md). */
export const PIECE_BYTES = 2 * 1024 * 1024;
