// Exits 0 if node_modules holds what package-lock.json names, 1 if not (setup.sh then runs `npm ci`).
// npm writes node_modules/.package-lock.json last, so an installation that was interrupted does not count.
// CommonJS without dependencies: it runs before anything is installed.
const { readFileSync, existsSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');

function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

const wanted = packagesOf('package-lock.json');
const installed = packagesOf('node_modules/.package-lock.json');

function isInstalled([path, entry]) {
  if (!path.startsWith('node_modules/')) return true; // the root and the workspaces themselves
  const found = installed[path];
  if (!found) return entry.optional === true; // packages for other platforms
  return found.version === entry.version && found.integrity === entry.integrity && existsSync(join(root, path));
}

process.exit(wanted && installed && Object.entries(wanted).every(isInstalled) ? 0 : 1);
