/** clipmuxd put together from its parts. */
export { Daemon, type DaemonOptions } from './daemon.ts';
export type { LoginSource } from './logins.ts';
