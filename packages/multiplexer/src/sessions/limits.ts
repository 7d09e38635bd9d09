/**
 * Connections that wait in the kernel to be accepted: all that it lets a socket have by default (net.core.somaxconn), as systemd
 * asks for, too. Where the queue is full connect(2) fails with EAGAIN, whoever has filled it.
 */
export const LISTEN_BACKLOG = 4_096;

/** Time, in ms, in which an agent must answer when another one comes for the same session, or be replaced. */
export const DUPLICATE_PING_TIMEOUT_MS = 2_000;

/**
 * Connections past a limit that are being told why, which takes up to a second with a peer that does not read. Past that they are
 * closed without a word: a flood costs neither descriptors nor the places of others.
 */
export const TURNED_AWAY_MAX = 64;
