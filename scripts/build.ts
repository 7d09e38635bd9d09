/**
 * Bundles each program into one CommonJS file under dist/ that plain `node` runs (18.19 and newer), with the licences of what they hold of others.
 *
 *   tsx scripts/build.ts [--quiet]
 *
 * Files are written beside their place and moved there, so a program that is started meanwhile sees the old file
 * or the new one, never half of it.
 */
import { chmod, mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { build } from 'esbuild';
import packageJson from '../package.json' with { type: 'json' };
import { leanDbusNext } from './build/dbus-next.ts';
import { copyNativeKoffi } from './build/native-koffi.ts';
import { oneByteSource } from './build/one-byte.ts';
import { formatNotices, packageFolders, readThirdParty } from './build/third-party.ts';
import { withoutUnusedX11 } from './build/x11.ts';

/** Every program, and the file it starts in. */
const PROGRAMS = {
  clipmuxd: 'packages/multiplexer/src/clipmuxd.ts',
  'clipmux-session': 'packages/session/src/clipmux-session.ts',
  'clipmux-host': 'packages/host/src/clipmux-host.ts',
  clipmuxctl: 'packages/ctl/src/clipmuxctl.ts',
} as const;

const ROOT = dirname(import.meta.dirname);
const DIST = join(ROOT, 'dist');

/** One file of a program, ready to be written. */
interface Output {
  readonly path: string;
  readonly contents: Uint8Array;
}

/** What goes along with the programs. */
const NOTICES = 'THIRD-PARTY-NOTICES.txt';
/** Copied beside the programs, not bundled. */
const COPIED = ['node_modules/koffi'];

async function bundle(name: string, entry: string): Promise<{ outputs: readonly Output[]; inputs: readonly string[] }> {
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: { [name]: entry },
    outdir: DIST,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node18',
    banner: { js: '#!/usr/bin/env node' },
    define: { __CLIPMUX_VERSION__: JSON.stringify(packageJson.version) },
    // Readable stack traces in a user's report are worth more than the kilobytes.
    minify: false,
    legalComments: 'none', // all licences go along whole
    metafile: true,
    plugins: [withoutUnusedX11, leanDbusNext, oneByteSource],
    logLevel: 'warning',
  });
  return { outputs: result.outputFiles, inputs: Object.keys(result.metafile.inputs) };
}

async function writeWhole({ path, contents }: Output): Promise<void> {
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, contents);
  await chmod(temporary, path.endsWith('.cjs') ? 0o755 : 0o644);
  await rename(temporary, path);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function main(): Promise<void> {
  const quiet = process.argv.includes('--quiet');
  await mkdir(DIST, { recursive: true });
  await copyNativeKoffi(DIST);
  const inputs: string[] = [];
  for (const [name, entry] of Object.entries(PROGRAMS)) {
    if (!(await exists(join(ROOT, entry)))) {
      console.error(`build: ${name} cannot be built: its entry file ${entry} does not exist`);
      process.exitCode = 1;
      continue;
    }
    try {
      const bundled = await bundle(name, entry);
      inputs.push(...bundled.inputs);
      for (const output of bundled.outputs) {
        await writeWhole(output);
        if (quiet) continue;
        const kibibytes = (output.contents.byteLength / 1024).toFixed(1).padStart(8);
        console.log(`${relative(ROOT, output.path).padEnd(36)} ${kibibytes} KiB`);
      }
    } catch (error) {
      // esbuild has printed each error with its place; a summary is left to say.
      console.error(`build: ${name} (${basename(entry)}) failed: ${(error as Error).message.split('\n')[0]}`);
      process.exitCode = 1;
    }
  }
  const folders = [...new Set([...packageFolders(inputs), ...COPIED])].sort();
  const packages = await Promise.all(folders.map((folder) => readThirdParty(join(ROOT, folder))));
  await writeWhole({ path: join(DIST, NOTICES), contents: Buffer.from(formatNotices(packages)) });
}

await main();
