import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stopProcess } from '../support/processes.ts';
import { until } from '../support/wait.ts';

export type ContenderName = 'clipmux' | 'stock';

/** Where the two programs of a contender meet each other, the host and the display. */
export interface Place {
  /** The display, such as `:7`. */
  readonly display: string;
  /** Environment for programs on that display. */
  readonly env: NodeJS.ProcessEnv;
  /** The unix socket on which the host endpoint listens, in place of the virtio port. */
  readonly port: string;
  /** A directory for the socket between the two. */
  readonly directory: string;
  readonly nodeFlags: readonly string[];
}

/** A daemon and a session agent that run. */
export interface Contender {
  readonly name: ContenderName;
  readonly daemon: number;
  readonly agent: number;
  /** What they wrote to standard error, its end. */
  errors(): string;
  stop(): Promise<void>;
}

interface CommandLines {
  readonly daemon: readonly string[];
  readonly agent: readonly string[];
  /** The socket between the two; the agent is started when it is there. */
  readonly socket: string;
}

const DIST = join(import.meta.dirname, '..', '..', 'dist');
const KEPT_ERROR_CHARACTERS = 4000;

const COMMAND_LINES: Readonly<Record<ContenderName, (place: Place) => CommandLines>> = {
  clipmux: ({ display, port, directory, nodeFlags }) => {
    const socket = join(directory, 'clipmux.sock');
    const node = [process.execPath, ...nodeFlags];
    return {
      socket,
      daemon: [
        ...node,
        join(DIST, 'clipmuxd.cjs'),
        '--port',
        `unix:${port}`,
        '--session-socket',
        socket,
        '--no-logind',
      ],
      agent: [...node, join(DIST, 'clipmux-session.cjs'), '--socket', socket, '--display', display],
    };
  },
  stock: ({ port, directory }) => {
    const socket = join(directory, 'vdagent.sock');
    return {
      socket,
      // -x foreground, -X no logind, -f -u a mouse device that is none. The daemon connects to the port, which must
      // listen, only once the agent has told it the display's size.
      daemon: ['spice-vdagentd', '-x', '-X', '-f', '-u', '/dev/null', '-s', port, '-S', socket],
      agent: ['spice-vdagent', '-x', '-s', port, '-S', socket],
    };
  },
};

/** Starts daemon and agent. They are connected to one another soon after, not yet when this settles. */
export async function startContender(name: ContenderName, place: Place): Promise<Contender> {
  const { daemon, agent, socket } = COMMAND_LINES[name](place);
  let errors = '';
  const start = ([command, ...args]: readonly string[]): ChildProcess => {
    const child = spawn(command as string, args, { env: place.env, stdio: ['ignore', 'ignore', 'pipe'] });
    child.on('error', (error) => {
      errors += `${command}: ${error.message}\n`;
    });
    child.stderr?.on('data', (piece: Buffer) => {
      errors = (errors + piece.toString()).slice(-KEPT_ERROR_CHARACTERS);
    });
    return child;
  };
  const children = [start(daemon)];
  const stop = async (): Promise<void> => {
    // The agent first, so that it does not report a daemon that went away.
    for (const child of children.reverse()) if (child.pid !== undefined) await stopProcess(child);
  };
  try {
    await until(() => existsSync(socket) || children[0]?.exitCode !== null, `${name}'s socket`);
    children.push(start(agent));
    return {
      name,
      daemon: pidOf(children[0]),
      agent: pidOf(children[1]),
      errors: () => errors,
      stop,
    };
  } catch (error) {
    await stop();
    throw new Error(`${name} did not start: ${(error as Error).message}\n${errors}`);
  }
}

function pidOf(child: ChildProcess | undefined): number {
  if (child?.pid === undefined || child.exitCode !== null) throw new Error('it ended at once');
  return child.pid;
}
