import { connect, type Socket } from 'node:net';
import { programSocketPath } from '@clipmux/rpc';
import type { CommandContext, Invocation, OptionSpec } from './command-line/command.ts';
import { ConnectError } from './exit-status.ts';

/** The option of the commands that speak with a session's agent and not with clipmuxd. */
export const AGENT_OPTION: OptionSpec = {
  name: 'agent',
  argument: { name: 'PATH', offer: 'files' },
  description: "the socket of this session's agent (default: that of DISPLAY, in XDG_RUNTIME_DIR)",
};

/** Where the agent listens. @throws {RpcError} `no-such-session` where that cannot be told */
export function agentPath(invocation: Invocation, { io }: CommandContext): string {
  return invocation.value(AGENT_OPTION.name) ?? programSocketPath(io.env);
}

/** @throws {ConnectError} */
export function connectAgent(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const failed = (error: NodeJS.ErrnoException): void =>
      reject(
        new ConnectError(
          error.code === 'EACCES' ? 'denied' : 'missing',
          `the agent of this session cannot be reached at ${path} (${error.code}): is clipmux-session running, and clipmuxd?`,
        ),
      );
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      resolve(socket);
    });
  });
}
