/**
 * The `x11` package names all its extensions in one table, so that a bundler can find them. clipmux uses two; the
 * rest would cost each session agent about 2 MiB. Left-out modules become empty: asking for one fails at once.
 */
import { basename, dirname, sep } from 'node:path';
import type { Plugin } from 'esbuild';

/** Extensions that clipmux asks for: owner changes, and requests past 256 KiB. */
const USED_EXTENSIONS = new Set(['fixes', 'big-requests']);

/** Modules beside the core that only other users of the package need: an X server, key symbols, shared memory. */
const UNUSED_MODULES = new Set(['xserver', 'keysyms', 'shm-provider', 'hexy']);

export const withoutUnusedX11: Plugin = {
  name: 'without-unused-x11',
  setup(build) {
    build.onResolve({ filter: /^\.\.?\// }, (args) => {
      if (!args.importer.includes(`${sep}node_modules${sep}x11${sep}`)) return undefined;
      const name = basename(args.path, '.js');
      const isExtension = basename(dirname(args.path)) === 'ext';
      const unused = isExtension ? !USED_EXTENSIONS.has(name) : UNUSED_MODULES.has(name);
      return unused ? { path: name, namespace: 'unused-x11', sideEffects: false } : undefined;
    });
    build.onLoad({ filter: /.*/, namespace: 'unused-x11' }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`x11's module '${path}' is not part of this program`)});`,
    }));
  },
};
