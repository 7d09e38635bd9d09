/** The limits towards the qemu-ga behind. Sizes are in bytes, times in milliseconds. */

/** How long connecting, synchronising and the first questions may take together. It is on this machine; busy with another client it takes for ever. */
export const UPSTREAM_HANDSHAKE_MS = 5_000;

/** Longest wait between two attempts to reach it, while file systems may be frozen and only it can say. Otherwise nothing is tried until a command comes. */
export const UPSTREAM_RETRY_CEILING_MS = 1_000;

/**
 * One answer. A guest-file-read gives at most 48 MiB, which is 64 MiB in base64; guest-exec-status gives two outputs of 16 MiB
 * (qga/commands.c, GUEST_EXEC_MAX_OUTPUT and GUEST_FILE_READ_COUNT_MAX).
 */
export const UPSTREAM_ANSWER_BYTES_MAX = 128 * 1024 * 1024;

/** Requests of all clients that wait for it. Each client has one at a time, so this is more than there can be clients. */
export const UPSTREAM_QUEUE_MAX = 128;
