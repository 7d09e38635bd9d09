/** Connections to the session socket at once, those included that have not said hello yet. */
export const MAX_CONNECTIONS = 512;

/** Connections that wait in the kernel to be accepted, as many as systemd and most services ask for; a burst of logins fits. */
export const LISTEN_BACKLOG = 128;

/** Largest content, in bytes, that is taken from a session for one paste at the host. */
export const DEFAULT_MAX_SESSION_CONTENT_BYTES = 512 * 1024 * 1024;
