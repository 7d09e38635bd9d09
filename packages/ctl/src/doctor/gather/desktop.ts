import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DisplayError, X11Backend } from '@clipmux/selections';
import type { DesktopFacts, Facts } from '../facts.ts';

/** Looks at the environment, and connects to the X display that it names as clipmux-session would. */
export async function gatherDesktop(env: NodeJS.ProcessEnv): Promise<DesktopFacts> {
  const { XDG_SESSION_TYPE = '', DISPLAY = '', WAYLAND_DISPLAY = '' } = env;
  return {
    sessionType: XDG_SESSION_TYPE,
    display: DISPLAY,
    waylandDisplay: WAYLAND_DISPLAY,
    problem: DISPLAY === '' ? null : await tryDisplay(DISPLAY, env),
  };
}

async function tryDisplay(display: string, env: NodeJS.ProcessEnv): Promise<DesktopFacts['problem']> {
  const backend = new X11Backend({ display, env });
  try {
    await backend.open();
    return null;
  } catch (error) {
    if (!(error instanceof DisplayError)) throw error;
    return { code: error.code, message: error.message };
  } finally {
    await backend.close();
  }
}

/** The X displays of this machine and who has them. */
export function gatherDisplays(folder = '/tmp/.X11-unix'): Facts['displays'] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const number = /^X(\d+)$/.exec(name)?.[1];
    const stat = statSync(join(folder, name), { throwIfNoEntry: false });
    return number === undefined || !stat?.isSocket() ? [] : [{ name: `:${number}`, uid: stat.uid }];
  });
}
