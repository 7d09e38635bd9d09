/** clipmux-session: joins the session wire and a selection backend. */
export { Agent, type AgentOptions } from './agent.ts';
export { main } from './cli.ts';
export { EXIT, runSession, type SessionRunOptions } from './run-session.ts';
