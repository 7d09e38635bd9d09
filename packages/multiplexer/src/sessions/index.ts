/** Agents: their socket, who may connect, and which of them are there. */
export type { AdmissionRules } from './admission.ts';
export { Gatekeeper } from './gatekeeper.ts';
export { type ListenAddress, ListenError, listen } from './listening-socket.ts';
export { type LoginSession, type LoginSessions, NO_LOGIN_SESSIONS } from './login-sessions.ts';
export { type HostCallParams, Session, type SessionInfo, type SessionListener } from './session.ts';
export { type RegisteredSession, SessionRegistry } from './session-registry.ts';
export { type ConnectionLimits, SessionServer } from './session-server.ts';
export { type UserIds, userIds } from './user-ids.ts';
