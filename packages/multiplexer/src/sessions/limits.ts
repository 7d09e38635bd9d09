/** Connections that wait in the kernel to be accepted, as many as systemd and most services ask for; a burst of logins fits. */
export const LISTEN_BACKLOG = 128;

/** Time, in ms, in which an agent must answer when another one comes for the same session, or be replaced. */
export const DUPLICATE_PING_TIMEOUT_MS = 2_000;
