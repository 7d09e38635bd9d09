/** Agents: their socket, who may connect, and which of them are there. */
export { admitWithoutLogind } from './admission.ts';
export { type ListenAddress, ListenError } from './listening-socket.ts';
export { Session, type SessionInfo, type SessionListener } from './session.ts';
export { SessionRegistry } from './session-registry.ts';
export { SessionServer } from './session-server.ts';
