import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from './cache.ts';
import { exclusively } from './exclusively.ts';

/**
 * Unpacks a Debian package into the cache, without installing it (no root needed), and returns the folder.
 *
 * @param why for the person who reads that something is downloaded
 */
export const debianPackage = (name: string, why: string): string => exclusively(name, () => unpacked(name, why));

function unpacked(name: string, why: string): string {
  const folder = join(CACHE, name);
  if (existsSync(folder)) return folder;
  console.log(`test:vm: downloading the Debian package ${name}: ${why}`);
  const downloads = join(CACHE, `download-${process.pid}`);
  mkdirSync(downloads, { recursive: true });
  try {
    execFileSync('apt-get', ['download', name], { cwd: downloads, stdio: ['ignore', 'ignore', 'pipe'] });
    const file = readdirSync(downloads).find((entry) => entry.endsWith('.deb'));
    if (file === undefined) throw new Error('nothing was downloaded');
    const whole = join(downloads, 'whole');
    execFileSync('dpkg-deb', ['-x', join(downloads, file), whole]);
    renameSync(whole, folder);
  } catch (error) {
    throw new Error(
      `the Debian package ${name} (${why}) cannot be downloaded. The virtual machine is made of Debian packages: ` +
        `run on Debian, after apt-get update. ${(error as Error).message}`,
    );
  } finally {
    rmSync(downloads, { recursive: true, force: true });
  }
  return folder;
}

/** The package with the kernel that the metapackage `name` stands for at present. */
export function kernelPackage(name: string): string {
  const cached = existsSync(CACHE)
    ? readdirSync(CACHE).filter((entry) => /^linux-image-\d.*-cloud-amd64$/.test(entry))
    : [];
  const newest = cached.sort().at(-1);
  if (newest !== undefined) return newest;
  const depends = execFileSync('apt-cache', ['depends', name], { encoding: 'utf8' });
  const found = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
  if (found === undefined) throw new Error(`apt knows no kernel ${name}: run on Debian, after apt-get update`);
  return found;
}
