/** The limits of the control socket's contract. Sizes are in bytes. */

/** Version of the control contract that this package speaks; `status` tells clipmuxd's. */
export const CONTROL_VERSION = 1;

/** A line at most, its line break not counted: a piece of content in base64, with room for what is around it. */
export const CONTROL_LINE_BYTES_MAX = 8 * 1024 * 1024;

/** Content in one call at most, before base64 makes it a third longer: large enough that few calls carry an image, half a line. */
export const CONTROL_PIECE_BYTES_MAX = 4 * 1024 * 1024;

/** Calls of one connection that are worked on at once. What comes after them waits in the socket; nothing is refused for it. */
export const CONTROL_CALLS_MAX = 4;

/** Methods that a program of a session may serve: more are a mistake, not a program. */
export const SERVED_METHODS_MAX = 64;

/** Calls that a program may have under way: half of what its session may, so that another one can still be called when it hangs. */
export const SERVED_CALLS_MAX = 8;

/** Bytes of answers that may wait for a reader before nothing more is read from it. One largest answer fits. */
export const CONTROL_OUTGOING_PAUSE_BYTES = CONTROL_LINE_BYTES_MAX;

/** How long a closing connection waits until its last line has been read, in milliseconds. */
export const CONTROL_CLOSE_FLUSH_TIMEOUT_MS = 1_000;

/** How long a client waits for an answer unless told otherwise, in milliseconds: longer than clipmuxd waits for a program or the host. */
export const CONTROL_CALL_TIMEOUT_MS = 90_000;
