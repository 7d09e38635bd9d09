/** clipmuxd put together from its parts. */
export { Administration } from './administration.ts';
export { Daemon, type DaemonOptions } from './daemon.ts';
export type { LoginSource } from './logins.ts';
