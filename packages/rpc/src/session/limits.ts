/** The limits of the session wire: every count, size and time has its name here. Times are in milliseconds. */

/** Version of the session contract that this package speaks. */
export const SESSION_VERSION = 1;

/** Types in a selection.grab at most: several times what any program offers after mapping to MIME types. */
export const GRAB_TYPES_MAX = 64;

/** Bytes of a MIME type at most. */
export const TYPE_BYTES_MAX = 255;

/** Bytes of any other text in a message at most: names, versions, displays, reasons. */
export const TEXT_BYTES_MAX = 255;

/**
 * Bytes that the sender of a transfer may have under way without credit. Two pieces of 1 MiB, the size at which INCR over X11 is
 * fastest: while the receiver hands on one, the next is coming. With {@link OPEN_TRANSFERS_MAX} it bounds what one peer can make the
 * other hold to 32 MiB.
 */
export const TRANSFER_WINDOW_BYTES = 2 * 1024 * 1024;

/** The receiver gives credit in steps of this size, so that a large transfer costs few notifications and its sender never waits for one. */
export const TRANSFER_CREDIT_STEP_BYTES = TRANSFER_WINDOW_BYTES / 4;

/** Transfers that may be open at once in each direction. A program that pastes opens one; this is for many programs and types at once. */
export const OPEN_TRANSFERS_MAX = 16;

/** How long a transfer may wait for credit, or for the socket to take anything at all, before it is aborted. */
export const SEND_STALL_TIMEOUT_MS = 5_000;

/** How long the asker waits for the answer to a selection.request unless told otherwise. The owner is a program, which may be busy. */
export const ANSWER_TIMEOUT_MS = 10_000;

/** How long the asker waits for the next byte of a transfer unless told otherwise. */
export const RECEIVE_STALL_TIMEOUT_MS = 10_000;

/**
 * Calls to the host that a session may have open at once. A quarter of the calls that clipmuxd answers at a time, so that pastes and
 * pings of the session find room while the host takes its time.
 */
export const HOST_CALLS_PER_SESSION_MAX = 16;

/**
 * Calls of clipmuxd's that programs of a session may have under way at once. A quarter of the calls that an agent answers at a time, so that
 * pastes and pings find room while programs take their time.
 */
export const SESSION_CALLS_MAX = 16;

/**
 * How much longer than the program clipmuxd waits for the agent: the agent tells of a program that was too slow, and only where it does not
 * is the agent itself the one that hangs.
 */
export const SESSION_CALL_GRACE_MS = 1_000;

/**
 * Bytes of the parameters of a call to the host, or of one in a session, as JSON in UTF-8. A call says what is wanted; content has selections
 * to travel in.
 */
export const HOST_PARAMS_BYTES_MAX = 64 * 1024;

/** Bytes of what the host, or a program of a session, returns, as JSON in UTF-8: half a frame, so that the answer around it always fits. */
export const HOST_RETURN_BYTES_MAX = 512 * 1024;

/** Objects and lists within one another in parameters and in what is returned: far more than anybody writes, far less than a stack holds. */
export const HOST_JSON_DEPTH_MAX = 64;

/** The longest time that a call to the host, or one in a session, may be given. */
export const HOST_CALL_TIMEOUT_MAX_MS = 60 * 60 * 1000;

/** How long clipmuxd waits for session.hello on a new connection. */
export const HELLO_TIMEOUT_MS = 5_000;

/** How long a closing connection waits for its last bytes to be read before it is torn down. */
export const CLOSE_FLUSH_TIMEOUT_MS = 1_000;

/**
 * Bytes of data frames that may be queued for the socket: two frames, so that one is always ready when the other has been
 * written. Calls wait behind no more than this.
 */
export const OUTGOING_DATA_BYTES_MAX = 512 * 1024;

/** Bytes queued for the socket in all, past which a peer that does not read loses the connection (`slow-peer`). */
export const OUTGOING_BYTES_MAX = 4 * 1024 * 1024;

/** Bytes that a {@link PieceQueue} holds before it asks its producer to pause: one window, so that the queue can fill it at once. */
export const PIECE_QUEUE_HIGH_WATER_BYTES = TRANSFER_WINDOW_BYTES;
