import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * What a person calls a process: a Node program by its script, without the extension, any other as the kernel does (at most 15
 * characters). The kernel calls Node programs `node`, or `MainThread` from Node 24 on.
 *
 * @param folder the process's in procfs, such as `/proc/412`
 * @throws where the process has ended
 */
export function processName(folder: string): string {
  const command = readFileSync(join(folder, 'cmdline'), 'utf8').split('\0');
  return scriptName(command) ?? readFileSync(join(folder, 'comm'), 'utf8').trim();
}

function scriptName([program = '', ...rest]: readonly string[]): string | undefined {
  if (!/^node(js)?$/.test(basename(program))) return undefined;
  const script = rest.find((word) => word !== '' && !word.startsWith('-'));
  return script === undefined ? undefined : basename(script).replace(/\.[cm]?js$/, '');
}
