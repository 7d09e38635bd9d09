/**
 * clipmuxd only exchanges messages with a bus over its unix socket. What else dbus-next brings along would cost some 5 MiB of its memory:
 * XML (introspection), an old stream library (buses that are programs), X11 (finding a session bus), a polyfill of BigInt. None of it
 * can be reached from clipmuxd, and left-out modules say so if it ever is.
 */
import { sep } from 'node:path';
import type { Plugin } from 'esbuild';

/** dbus-next asks for these only where they would be used. */
const NEVER_LOADED = ['event-stream', 'x11', 'usocket'];

const fails = (name: string) => `throw new Error(${JSON.stringify(`'${name}' is not part of this program`)})`;

/** What takes the place of each module. */
const REPLACEMENTS: Readonly<Record<string, string>> = {
  // Every bus makes itself a builder when it is created, and uses it for introspection alone.
  xml2js: `exports.Builder = class { buildObject() { ${fails('xml2js')}; } };`,
  // Loaded, and used only after setBigIntCompat(true), for Node versions without BigInt.
  jsbi: 'module.exports = {};',
  ...Object.fromEntries(NEVER_LOADED.map((name) => [name, `${fails(name)};`])),
};

export const leanDbusNext: Plugin = {
  name: 'lean-dbus-next',
  setup(build) {
    const names = new RegExp(`^(${Object.keys(REPLACEMENTS).join('|')})$`);
    build.onResolve({ filter: names }, ({ path, importer }) => {
      if (!importer.includes(`${sep}node_modules${sep}dbus-next${sep}`)) return undefined;
      return { path, namespace: 'lean-dbus-next' };
    });
    build.onLoad({ filter: /.*/, namespace: 'lean-dbus-next' }, ({ path }) => ({ contents: REPLACEMENTS[path] ?? '' }));
  },
};
