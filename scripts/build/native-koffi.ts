/**
 * koffi finds its native binary by its own place in node_modules, which a bundle does not have. A bundle looks for
 * `native/koffi-PLATFORM-ARCH` beside it (packages/posix/src/native.ts), and the package that holds the binary is copied there.
 */
import { cp, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** Copies the binary that npm installed for this machine to `dist`/native, unless that very one is there. */
export async function copyNativeKoffi(dist: string): Promise<void> {
  const name = `koffi-${process.platform}-${process.arch}`;
  let source: string;
  try {
    source = dirname(require.resolve(`@koromix/${name}/package.json`));
  } catch {
    throw new Error(`npm has installed no @koromix/${name}: koffi has no prebuilt binary for this machine`);
  }
  const target = join(dist, 'native', name);
  // A file that a running program has mapped must not be written over: a copy is moved into its place.
  if (await sameFile(join(source, 'package.json'), join(target, 'package.json'))) return;
  await mkdir(dirname(target), { recursive: true });
  const temporary = `${target}.${process.pid}`;
  await mkdir(temporary, { recursive: true });
  for (const entry of await readdir(source)) await cp(join(source, entry), join(temporary, entry), { recursive: true });
  await rm(target, { recursive: true, force: true });
  await rename(temporary, target);
}

/** package.json names the version, so it stands for the binaries beside it. */
async function sameFile(a: string, b: string): Promise<boolean> {
  try {
    return (await readFile(a)).equals(await readFile(b));
  } catch {
    return false;
  }
}
