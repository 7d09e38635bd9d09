import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { within } from '../../support/wait.ts';
import { USER_IDS } from '../desktop/clipmux.ts';
import type { RunningDesktop } from '../desktop/desktop.ts';

/** An emulated processor on a busy machine. */
const SLOW_MS = 60_000;

/** Serves in alice's session what docs/guest-agent-host.md calls there, without a person to choose; until the process is ended. */
export async function serveMethods(desktop: RunningDesktop): Promise<ChildProcess> {
  const handlers = "--handler 'choose-file=echo {}' --handler 'uptime=echo 5'";
  const runtime = `XDG_RUNTIME_DIR=/run/user/${USER_IDS.alice}`;
  const command = desktop.session('alice').command(`${runtime} clipmuxctl session-serve ${handlers}`);
  const program = desktop.shell.start(command);
  const [line] = await within(
    once(createInterface({ input: program.stdout as Readable }), 'line') as Promise<[string]>,
    'the session to serve its methods',
    SLOW_MS,
  );
  if (!line.includes('serving')) throw new Error(`clipmuxctl session-serve said: ${line}`);
  return program;
}
