/** The limits of the control socket's server. Sizes are in bytes, times in milliseconds. */

/** Who may speak to clipmuxd beside root and clipmuxd's own user. */
export const CONTROL_GROUP = 'clipmux';

/** The control socket's mode: the kernel turns away whoever is not in its group. */
export const CONTROL_SOCKET_MODE = 0o660;

/** Connections at once, unless set otherwise: administrators, their scripts and monitors. More are turned away. */
export const CONTROL_CONNECTIONS_MAX = 32;

/** Sockets at once, those included that are being turned away and told why; past that the kernel's connection is closed without a word. */
export const CONTROL_SOCKETS_MAX = 256;

/** Handles of one connection at once: a script reads or writes one or two. */
export const CONTROL_HANDLES_MAX = 8;

/** How long a handle may be left alone before it is closed. */
export const CONTROL_HANDLE_IDLE_MS = 60_000;

/** One content at most, all types of an upload together. A 4K screen as an uncompressed image is half of it. */
export const CONTROL_CONTENT_BYTES_MAX = 64 * 1024 * 1024;

/** Content of all handles of all connections together. clipmuxd holds none otherwise; this bounds what administrators can make it hold. */
export const CONTROL_HELD_BYTES_MAX = 256 * 1024 * 1024;

/** How long the content for a handle may take to arrive as a whole. */
export const CONTROL_CONTENT_TIMEOUT_MS = 60_000;

/** Bytes that may wait for a monitor that does not read; events past that are counted and not kept. */
export const CONTROL_MONITOR_BACKLOG_BYTES = 1024 * 1024;
