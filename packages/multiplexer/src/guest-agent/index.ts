/** Commands from the host in the dialect of QEMU's guest agent, and the way to a real one behind. */
export { DaemonTarget } from './commands/daemon-target.ts';
export { GuestAgent, type GuestAgentOptions } from './guest-agent.ts';
export { parseStandIn, STAND_IN_HELP, STAND_IN_OPTIONS, type StandIn } from './stand-in/stand-in.ts';
