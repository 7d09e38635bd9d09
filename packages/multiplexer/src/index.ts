/** clipmuxd: sessions, arbitration and the link to the host. */
export { main } from './cli.ts';
export { Daemon, type DaemonOptions } from './daemon/index.ts';
