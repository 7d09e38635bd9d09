import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import type { CpioEntry } from './cpio.ts';

/** A TypeScript program as one CommonJS file, as `npm run build` makes them. */
export function bundle(entry: string): string {
  const result = buildSync({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node18',
    logLevel: 'warning',
  });
  return result.outputFiles[0]?.text ?? '';
}

/** koffi's binaries where a bundled program in `folder` looks for them. */
export function nativeKoffi(folder: string): CpioEntry[] {
  const name = `koffi-${process.platform}-${process.arch}`;
  const source = dirname(createRequire(import.meta.url).resolve(`@koromix/${name}`));
  return folderEntries(source, join(folder, 'native', name));
}

/** All files below a folder of this machine, for a folder of the guest. */
export function folderEntries(source: string, target: string): CpioEntry[] {
  return readdirSync(source, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return {
        type: 'file',
        path: join(target, path.slice(source.length)),
        data: readFileSync(path),
        executable: true,
      };
    });
}
