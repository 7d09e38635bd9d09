/**
 * Bytes that may wait for the stock daemon until it is disconnected. The port is never left unread for it. More than any burst: a
 * SPICE client sends a dropped file in pieces of 64 KiB and waits for spice-server's tokens after a few.
 */
export const STOCK_BACKLOG_BYTES = 8 * 1024 * 1024;

/** Time, in ms, in which a stock daemon for which bytes wait must take some, or it is disconnected. It does nothing that takes seconds. */
export const STOCK_STALL_MS = 10_000;

/** Bytes of the stock daemon's that may wait for the port; past it the daemon is not read until half of them are gone. */
export const HOST_BACKLOG_BYTES = 1024 * 1024;

/** Time, in ms, that a stock daemon that has gone may take to be back before the host is told: a restart is over sooner. */
export const STOCK_RESTART_MS = 3_000;

/** Time, in ms, after which a renewal looks again whether a copy or paste is still under way. */
export const RENEWAL_RETRY_MS = 250;

/** Time, in ms, that a renewal waits for copies and pastes under way: longer than any time-out of theirs by default. */
export const RENEWAL_WAIT_MAX_MS = 30_000;

/** Time, in ms, that a SPICE host may be there without a stock daemon until the log says what is lost. */
export const MISSING_AFTER_MS = 10_000;
