import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS } from '../../packages/ctl/src/commands/index.ts';
import { clipmuxctlPage } from './clipmuxctl.ts';
import { configurationPage } from './configuration.ts';

/** Where the pages are. */
export const MANUAL_PAGES = join(import.meta.dirname, '../../docs/man');

/** The pages that are made of something else, by file name; the others in docs/man are written by hand. */
export function madePages(): ReadonlyMap<string, string> {
  const configuration = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8');
  return new Map([
    ['clipmuxctl.1', clipmuxctlPage(COMMANDS)],
    ['clipmux.toml.5', configurationPage(configuration)],
  ]);
}
