/** The limits of the guest agent towards its clients. Sizes are in bytes, times in milliseconds. */

/** Clients of a listening socket at once. qemu-ga itself serves one. */
export const CLIENTS_MAX = 32;

/** Sockets at once, those included that are being told that they may not. */
export const CLIENT_SOCKETS_MAX = 64;

/** Messages of a client that wait for their turn before nothing more is read from it. They are answered one after another. */
export const WAITING_MESSAGES_MAX = 64;

/** Bytes of those messages. One largest message may be more. */
export const WAITING_BYTES_MAX = 1024 * 1024;

/**
 * Longest wait between two looks whether the host has opened a device's port; the first come after 100 ms, as in qemu-ga. A fifth of what
 * libvirt allows for the answer to its first guest-sync.
 */
export const DEVICE_RETRY_CEILING_MS = 1_000;

/** Handles of all clients at once. */
export const HANDLES_MAX = 16;

/** How long a handle may be left alone before it is closed. */
export const HANDLE_IDLE_MS = 60_000;

/** Content of all handles together, and of one. clipmuxd holds none otherwise. */
export const HELD_BYTES_MAX = 256 * 1024 * 1024;

/** How long a content may take to arrive as a whole. */
export const CONTENT_TIMEOUT_MS = 60_000;

/** How long a session may take to answer a ping. */
export const SESSION_PING_MS = 2_000;
