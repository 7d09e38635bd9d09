import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from '../image/cache.ts';
import { exclusively } from '../image/exclusively.ts';
import { asRoot } from '../image/rootfs.ts';
import { mmdebstrapOptions, recipeHash } from './recipe.ts';

/** Sparse: what is not used takes no space. */
const DISK_SIZE = '3G';
const MIRROR = 'http://deb.debian.org/debian';

/** A guest system that boots. It is never written to: machines run on an overlay. */
export interface DesktopImage {
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
  /** The private key of root. */
  readonly key: string;
  /** Milliseconds that making it took; 0 if it was in the cache. */
  readonly built: number;
}

/** The desktop guest's image: from the cache if its recipe has not changed. */
export const desktopImage = (): DesktopImage => exclusively('desktop', cachedImage);

function cachedImage(): DesktopImage {
  const folder = join(CACHE, `desktop-${recipeHash()}`);
  let built = 0;
  if (!existsSync(folder)) {
    const begun = performance.now();
    console.log('test:vm: building the desktop guest from Debian packages (3 to 6 minutes; kept in .cache/vm)');
    build(folder);
    built = performance.now() - begun;
  }
  return {
    disk: join(folder, 'disk.img'),
    kernel: join(folder, 'vmlinuz'),
    initrd: join(folder, 'initrd.img'),
    key: join(folder, 'key'),
    built,
  };
}

function build(folder: string): void {
  mkdirSync(CACHE, { recursive: true });
  // What an older recipe made, or a build that was broken off.
  for (const name of readdirSync(CACHE).filter((entry) => entry.startsWith('desktop-'))) removeTree(join(CACHE, name));
  const half = `${folder}.half`;
  const root = join(half, 'root');
  mkdirSync(half);
  const key = join(half, 'key');
  call('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'clipmux test:vm', '-f', key);
  call('env', `KEY=${key}.pub`, 'mmdebstrap', ...mmdebstrapOptions(), 'bookworm', root, MIRROR);
  call(
    ...asRoot(
      'sh',
      '-euc',
      'cp "$0"/boot/vmlinuz-* "$1/vmlinuz"; cp "$0"/boot/initrd.img-* "$1/initrd.img"',
      root,
      half,
    ),
  );
  call(...asRoot('mke2fs', '-q', '-t', 'ext4', '-d', root, join(half, 'disk.img'), DISK_SIZE));
  removeTree(root);
  renameSync(half, folder);
}

function removeTree(path: string): void {
  if (existsSync(path)) call(...asRoot('rm', '-rf', '--one-file-system', path));
  rmSync(path, { recursive: true, force: true });
}

function call(program: string, ...parameters: string[]): void {
  execFileSync(program, parameters, { stdio: ['ignore', 'ignore', 'inherit'] });
}
