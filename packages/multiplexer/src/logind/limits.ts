/** How long the bus may take to accept a connection, authenticate us and answer Hello, in milliseconds; a healthy one takes less than 10. */
export const BUS_CONNECT_TIMEOUT_MS = 5_000;

/**
 * How long one call may take, its wait for a free place included, in milliseconds. dbus-next itself waits for ever; libdbus and sd-bus
 * wait 25 s, too long for a user who has just logged in. logind answers within a millisecond unless the machine is in trouble.
 */
export const BUS_CALL_TIMEOUT_MS = 5_000;

/**
 * Calls that wait for their replies at once. dbus-daemon lets one connection to the system bus have 128 (`max_replies_per_connection`)
 * and answers what is past that with an error.
 */
export const BUS_CALLS_IN_FLIGHT_MAX = 32;

/** Calls that wait for a place beside those in flight: reading 500 sessions at once, and as many agents that connect meanwhile. */
export const BUS_CALLS_WAITING_MAX = 1_024;

/** Longest wait between two attempts to reach a bus that is not there, or a logind that does not answer, in milliseconds. */
export const LOGIND_RETRY_CEILING_MS = 60_000;

/**
 * How long what was known stays valid once logind or the bus has gone, in milliseconds. A package upgrade restarts logind in some
 * 100 ms, and the sessions outlive that: without this wait each upgrade would throw everybody off the clipboard.
 */
export const LOGIND_LOST_GRACE_MS = 5_000;

/**
 * Longest wait for the signals that belong together, in milliseconds. On a switch logind tells the old session, the new session and the
 * seat one after the other, and may adjust access rights of devices in between.
 */
export const LOGIND_SETTLE_MS = 300;
