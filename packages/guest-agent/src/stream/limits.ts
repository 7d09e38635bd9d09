/** The limits of what is read from a stream. Those that QEMU has are as large as there (qobject/json-streamer.c). */

/** Bytes of one message: a guest-file-write carries a whole file's piece in base64. QEMU's MAX_TOKEN_SIZE. */
export const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Tokens of one message. A guest-set-memory-blocks for a terabyte of memory has a hundred thousand. QEMU takes eight times as many; each
 * costs us 24 bytes while its message is gathered.
 */
export const MESSAGE_TOKENS_MAX = 256 * 1024;

/** Brackets and braces that may be open at once. QEMU's MAX_NESTING. */
export const NESTING_MAX = 1024;
