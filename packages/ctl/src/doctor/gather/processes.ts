import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ProcessFacts } from '../facts.ts';

/** Every process that this user may see. @param root where procfs is */
export function gatherProcesses(root = '/proc'): readonly ProcessFacts[] {
  const found: ProcessFacts[] = [];
  for (const entry of readdirSync(root)) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const folder = join(root, entry);
      const command = readFileSync(join(folder, 'cmdline'), 'utf8').split('\0');
      const name = scriptName(command) ?? readFileSync(join(folder, 'comm'), 'utf8').trim();
      // The folder's owner is the process's effective user (proc(5)).
      found.push({ pid: Number(entry), uid: statSync(folder).uid, name });
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

/** The script of a Node program without its extension: the kernel calls them all `node`. */
function scriptName([program = '', ...rest]: readonly string[]): string | undefined {
  if (!/^node(js)?$/.test(basename(program))) return undefined;
  const script = rest.find((word) => word !== '' && !word.startsWith('-'));
  return script === undefined ? undefined : basename(script).replace(/\.[cm]?js$/, '');
}
