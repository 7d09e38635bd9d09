import { userInfo } from 'node:os';
import type { CommandContext } from '../../command-line/command.ts';
import { CLIPMUX_VERSION } from '../../version.ts';
import type { Facts } from '../facts.ts';
import { gatherControl } from './control.ts';
import { gatherDesktop, gatherDisplays } from './desktop.ts';
import { gatherPort } from './port.ts';
import { gatherProcesses } from './processes.ts';

/**
 * Looks at everything that a diagnosis needs. Nothing is changed by it.
 * @param port the port as the user names it; undefined: clipmuxd's, else the usual one
 */
export async function gatherFacts(context: CommandContext, port: string | undefined): Promise<Facts> {
  const { control, daemon } = await gatherControl(context);
  return {
    now: context.io.now(),
    version: CLIPMUX_VERSION,
    user: whoAmI(),
    control,
    daemon,
    port: gatherPort(port, control, daemon),
    processes: gatherProcesses(),
    desktop: await gatherDesktop(context.io.env),
    displays: gatherDisplays(),
  };
}

function whoAmI(): Facts['user'] {
  const uid = process.getuid?.() ?? -1;
  try {
    return { uid, name: userInfo().username };
  } catch {
    // No entry in the user database.
    return { uid, name: `uid ${uid}` };
  }
}
