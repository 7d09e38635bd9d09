/** Longest wait between two attempts to reach an agent that has gone, in milliseconds: it is restarted at an upgrade, and waits for clipmuxd itself. */
export const RECONNECT_CEILING_MS = 2_000;

/**
 * Characters of a command's standard error that the host is told: the last ones, where the reason usually stands. With what the agent says before
 * them they fit an error's message, which would be cut at its end.
 */
export const COMPLAINT_CHARACTERS_MAX = 300;
