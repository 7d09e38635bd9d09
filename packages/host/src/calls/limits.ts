/** Calls that are carried out at once: as many as clipmuxd lets sessions have open. */
export const OPEN_CALLS_MAX = 256;

/** Bytes of one line of the guest's: parameters have 64 KiB at most, an event with all its types less. */
export const CALL_LINE_BYTES_MAX = 256 * 1024;

/** Bytes of answers that wait for a guest that does not read; then the connection is ended. Sixteen answers of the largest kind. */
export const OUTPUT_BYTES_MAX = 8 * 1024 * 1024;

/** Bytes that a program may print as its answer: what clipmuxd hands on to a session at most. */
export const PROGRAM_OUTPUT_BYTES_MAX = 512 * 1024;

/** Characters of a program's standard error that a session is told. */
export const PROGRAM_ERROR_CHARACTERS_MAX = 400;
