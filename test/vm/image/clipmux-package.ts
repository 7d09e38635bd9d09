import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { exclusively } from './exclusively.ts';

const ROOT = join(import.meta.dirname, '../../..');
/** What goes into the package beside the programs. */
const INPUTS = ['systemd', 'packaging', 'completions', 'docs'];

/** The package of the programs in dist/, and of what else lies in it; made if one of them is newer than it. */
export const packagePath = (): string =>
  exclusively('package', () => {
    const dist = join(ROOT, 'dist');
    const find = () => readdirSync(dist).find((name) => name.endsWith('.deb'));
    const time = (path: string) => statSync(path).mtimeMs;
    const inputs = INPUTS.flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name)),
    );
    const present = find();
    const newest = Math.max(...[join(dist, 'clipmuxd.cjs'), ...inputs].map(time));
    if (present === undefined || time(join(dist, present)) < newest) {
      execFileSync('npx', ['tsx', join(ROOT, 'scripts/package.ts')], { stdio: ['ignore', 'ignore', 'pipe'] });
    }
    return join(dist, find() ?? '');
  });
