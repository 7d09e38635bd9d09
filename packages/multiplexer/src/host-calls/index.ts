/** Calls of sessions to the host, and events for it: a port of their own, since clients of the guest agent take no calls. */
export { HostCalls, type HostCallsOptions } from './host-calls.ts';
