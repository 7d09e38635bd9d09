/** The control socket: what clipmuxctl and scripts see of clipmuxd and do to it. */
export { type ControlAddress, ControlServer, type ControlServerOptions } from './control-server.ts';
export type { ControlContent, ControlTarget, HeldContent, LogLevelName, Whose } from './control-target.ts';
export { CONTROL_GROUP } from './limits.ts';
