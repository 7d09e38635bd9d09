import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { processName } from '@clipmux/posix';
import type { ProcessFacts } from '../facts.ts';

/** Every process that this user may see. @param root where procfs is */
export function gatherProcesses(root = '/proc'): readonly ProcessFacts[] {
  const found: ProcessFacts[] = [];
  for (const entry of readdirSync(root)) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const folder = join(root, entry);
      const name = processName(folder);
      // The folder's owner is the process's effective user (proc(5)).
      found.push({ pid: Number(entry), uid: statSync(folder).uid, name });
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}
