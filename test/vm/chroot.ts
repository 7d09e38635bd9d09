/** A Debian system in a folder, to install the package in. Nothing of it runs but what a test starts. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Outcome, run } from '../support/processes.ts';
import { CACHE } from './image/cache.ts';
import { asRoot } from './image/rootfs.ts';

/** Installing a package runs its dependencies' scripts; on a busy machine that takes its time. */
const COMMAND_TIMEOUT_MS = 180_000;

/** What is there before clipmux comes: a small Debian with systemd, and Debian's Node downloaded but not installed. */
const BASE = 'bookworm-base-1.tar';

/** The tarball of that system; made at the first time, then kept. */
function baseTarball(): string {
  const path = join(CACHE, BASE);
  if (existsSync(path)) return path;
  console.log(`test:vm: making ${BASE}, the Debian system in which the package is installed (about a minute)`);
  mkdirSync(CACHE, { recursive: true });
  const half = `${path}.${process.pid}.tar`;
  try {
    execFileSync(
      'mmdebstrap',
      [
        '--quiet',
        '--variant=apt',
        '--include=systemd,systemd-sysv,udev,dbus,ca-certificates',
        '--aptopt=APT::Install-Recommends "false"',
        // apt finds what the package depends on without a network, then.
        '--customize-hook=chroot "$1" apt-get install --yes --download-only nodejs',
        '--skip=cleanup/apt',
        'bookworm',
        half,
        'http://deb.debian.org/debian',
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    renameSync(half, path);
  } finally {
    rmSync(half, { force: true });
  }
  return path;
}

export class Chroot {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static create(): Chroot {
    const tarball = baseTarball();
    const folder = mkdtempSync(join(tmpdir(), 'clipmux-chroot-'));
    const [program, ...parameters] = asRoot('tar', '-xf', tarball, '-C', folder, '--exclude=./dev/*');
    execFileSync(program, parameters, { stdio: ['ignore', 'ignore', 'inherit'] });
    return new Chroot(folder);
  }

  /** Runs a shell script in it, with a /proc and processes of its own; what it leaves behind ends with it. */
  async run(script: string): Promise<Outcome> {
    const inside = `
      mount -t proc proc "$0/proc" && mount -t tmpfs tmpfs "$0/dev" &&
      for node in null zero random urandom; do touch "$0/dev/$node"; mount --bind "/dev/$node" "$0/dev/$node"; done
      exec chroot "$0" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 sh -euc "$1"`;
    const [program, ...parameters] = asRoot('unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-euc');
    return run(program, [...parameters, inside, this.folder, script], { timeoutMs: COMMAND_TIMEOUT_MS });
  }

  /** As `run`, and fails where the script does. */
  async succeed(script: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(script);
    if (code !== 0) throw new Error(`'${script}' ended with ${code}:\n${stdout}\n${stderr}`);
    return stdout.toString();
  }

  /** Puts a file of this machine into it. */
  copyIn(source: string, target: string): void {
    const [program, ...parameters] = asRoot('cp', source, join(this.folder, target));
    execFileSync(program, parameters);
  }

  remove(): void {
    const [program, ...parameters] = asRoot('rm', '-rf', '--one-file-system', this.folder);
    execFileSync(program, parameters);
  }
}
