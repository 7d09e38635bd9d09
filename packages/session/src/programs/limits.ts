import { HOST_PARAMS_BYTES_MAX, SERVED_CALLS_MAX } from '@clipmux/rpc';

/** Programs that may be connected at once. Each has four calls to the host at most under way, and all together as many as clipmuxd lets a session have. */
export const PROGRAM_CONNECTIONS_MAX = 16;

/** Bytes that may wait for a program that does not read before it is called no more: twice its calls, each with the largest parameters. */
export const UNREAD_BYTES_MAX = 2 * SERVED_CALLS_MAX * HOST_PARAMS_BYTES_MAX;
