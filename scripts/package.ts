/**
 * Makes the Debian package from what is built: dist/clipmux_VERSION_ARCHITECTURE.deb.
 *
 *   npm run package
 *
 * debhelper does the work; this lays out the tree that it wants.
 */
import { execFileSync } from 'node:child_process';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };

const ROOT = dirname(import.meta.dirname);
const WORK = join(ROOT, '.cache/package');
const TREE = join(WORK, `clipmux-${packageJson.version}`);

/** Where debhelper looks for what lies in systemd/. */
const UNITS: Readonly<Record<string, string>> = {
  'clipmuxd.service': 'clipmux.clipmuxd.service',
  'clipmuxd.socket': 'clipmux.clipmuxd.socket',
  'clipmuxd-control.socket': 'clipmux.clipmuxd-control.socket',
  'clipmux-session.service': 'clipmux.clipmux-session.user.service',
  'clipmux.sysusers': 'clipmux.sysusers',
  'clipmux.tmpfiles': 'clipmux.tmpfiles',
  '71-clipmux.rules': 'clipmux.udev',
};

const MANUAL_PAGE = /^[a-z.-]+\.[1-8]$/;

async function layOut(): Promise<void> {
  await rm(WORK, { recursive: true, force: true });
  const debian = join(TREE, 'debian');
  await cp(join(ROOT, 'packaging/debian'), debian, { recursive: true });
  for (const [unit, name] of Object.entries(UNITS)) await cp(join(ROOT, 'systemd', unit), join(debian, name));
  for (const name of ['clipmux-session.desktop', 'clipmux.toml'])
    await cp(join(ROOT, 'systemd', name), join(TREE, name));
  await cp(join(ROOT, 'systemd/guest-agent'), join(TREE, 'guest-agent'), { recursive: true });
  // A drop-in has the name of what it is from, and lies in a folder that has the name of the unit.
  await cp(join(ROOT, 'systemd/stock-agent/spice-vdagentd.conf'), join(TREE, 'stock-agent/clipmux.conf'));
  await layOutPrograms();
  await layOutDocuments(debian);
  await layOutCompletions(debian);
}

/** The programs as Debian wants them: its own node, and no binary for another C library. */
async function layOutPrograms(): Promise<void> {
  const programs = join(TREE, 'programs');
  await mkdir(programs, { recursive: true });
  for (const name of await readdir(join(ROOT, 'dist'))) {
    if (!name.endsWith('.cjs')) continue;
    const text = await readFile(join(ROOT, 'dist', name), 'utf8');
    await writeFile(join(programs, name), text.replace('#!/usr/bin/env node', '#!/usr/bin/node'));
    await chmod(join(programs, name), 0o755);
  }
  const isOthers = (path: string) => /\/musl_[^/]*$/.test(path) || path.endsWith('README.md');
  await cp(join(ROOT, 'dist/native'), join(programs, 'native'), { recursive: true, filter: (path) => !isOthers(path) });
}

async function layOutDocuments(debian: string): Promise<void> {
  const manual = join(ROOT, 'docs/man');
  const pages = (await readdir(manual)).filter((name) => MANUAL_PAGE.test(name));
  for (const page of pages) await cp(join(manual, page), join(TREE, 'man', page));
  await writeFile(join(debian, 'clipmux.manpages'), pages.map((page) => `man/${page}\n`).join(''));
  const documents = (await readdir(join(ROOT, 'docs'))).filter((name) => name.endsWith('.md'));
  for (const name of documents) await cp(join(ROOT, 'docs', name), join(TREE, 'docs', name));
  // Most licences of what the programs hold of others ask for it; debian/copyright names it.
  await cp(join(ROOT, 'dist/THIRD-PARTY-NOTICES.txt'), join(TREE, 'THIRD-PARTY-NOTICES.txt'));
  const listed = [...documents.map((name) => `docs/${name}`), 'THIRD-PARTY-NOTICES.txt'];
  await writeFile(join(debian, 'clipmux.docs'), listed.map((path) => `${path}\n`).join(''));
}

async function layOutCompletions(debian: string): Promise<void> {
  await cp(join(ROOT, 'completions'), join(TREE, 'completions'), { recursive: true });
  const lines = [
    'completions/_clipmuxctl usr/share/zsh/vendor-completions',
    'completions/clipmuxctl.fish usr/share/fish/vendor_completions.d',
    'bash/clipmuxctl usr/share/bash-completion/completions',
  ];
  await cp(join(ROOT, 'completions/clipmuxctl.bash'), join(TREE, 'bash/clipmuxctl'));
  const install = join(debian, 'clipmux.install');
  await writeFile(install, `${await readFile(install, 'utf8')}${lines.join('\n')}\n`);
}

async function main(): Promise<void> {
  await layOut();
  execFileSync(
    'dpkg-buildpackage',
    ['--build=binary', '--unsigned-source', '--unsigned-changes', '--no-check-builddeps'],
    {
      cwd: TREE,
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const built = (await readdir(WORK)).find((name) => name.endsWith('.deb') && !name.includes('dbgsym'));
  if (!built) throw new Error('dpkg-buildpackage has made no package');
  await rename(join(WORK, built), join(ROOT, 'dist', built));
  console.log(`dist/${built}`);
}

await main();
