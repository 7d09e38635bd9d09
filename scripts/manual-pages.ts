/**
 * Makes the manual pages that have another source: clipmuxctl(1) of the commands, clipmux.toml(5) of docs/configuration.md.
 *
 *   tsx scripts/manual-pages.ts
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MANUAL_PAGES, madePages } from './manual-pages/index.ts';

for (const [name, page] of madePages()) await writeFile(join(MANUAL_PAGES, name), page);
