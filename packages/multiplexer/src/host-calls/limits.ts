import { HOST_RETURN_BYTES_MAX } from '@clipmux/rpc';

/** The limits of calls to the host, beside those that an agent is told (`@clipmux/rpc`, session/limits.ts). */

/**
 * Calls of all sessions that may be open at once: every session of a large terminal server has one or two under way. With the bound for one
 * session, sixteen that do their worst are needed to fill it.
 */
export const OPEN_CALLS_MAX = 256;

/** Bytes of calls that wait for a host that does not read: 64 of the largest. More are refused. */
export const WAITING_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Events that wait for a host that does not read. A host that has just come is told of every session there is, so this is more than the
 * sessions that may connect unless the configuration says otherwise. What is left out is counted and told.
 */
export const WAITING_EVENTS_MAX = 1024;

/**
 * Bytes of one line of the host's. More than what may be returned, so that one that returns too much is still read, and the call told;
 * what is longer than this is skipped, and its call ends with its time.
 */
export const HOST_LINE_BYTES_MAX = 2 * HOST_RETURN_BYTES_MAX;
