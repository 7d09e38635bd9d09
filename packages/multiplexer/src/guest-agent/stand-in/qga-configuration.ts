import { readFileSync } from 'node:fs';

/** What qemu-ga's configuration file and command line say, as far as clipmuxd takes part in it (qga/main.c, GAConfig). */
export interface QgaConfiguration {
  daemon: boolean;
  method: string;
  path: string | undefined;
  pidfile: string;
  statedir: string;
  verbose: boolean;
  retryPath: boolean;
  blockRpcs: readonly string[];
  allowRpcs: readonly string[];
}

/** Where qemu-ga looks for its configuration, unless the environment's QGA_CONF says otherwise. */
export const QGA_CONF_DEFAULT = '/etc/qemu/qemu-ga.conf';

/** qemu-ga's own defaults on Linux. */
export const QGA_DEFAULTS: QgaConfiguration = {
  daemon: false,
  method: 'virtio-serial',
  path: undefined,
  pidfile: '/var/run/qemu-ga.pid',
  statedir: '/var/run',
  verbose: false,
  retryPath: false,
  blockRpcs: [],
  allowRpcs: [],
};

/** The file cannot be used. */
export class QgaConfigurationError extends Error {
  override readonly name = 'QgaConfigurationError';
}

/**
 * The configuration file of qemu-ga; the defaults where there is none.
 * @throws {QgaConfigurationError}
 */
export function readQgaConfiguration(environment: NodeJS.ProcessEnv): QgaConfiguration {
  const path = environment['QGA_CONF'] || QGA_CONF_DEFAULT;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return QGA_DEFAULTS;
    throw new QgaConfigurationError(`${path}: ${(error as Error).message}`);
  }
  return parseQgaConfiguration(text, path);
}

/** Parses GLib's key file format (https://docs.gtk.org/glib/struct.KeyFile.html): the group `general`. @throws {QgaConfigurationError} */
export function parseQgaConfiguration(text: string, path: string): QgaConfiguration {
  const values = new Map<string, string>();
  let group = '';
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const [, name] = /^\[(.*)\]$/.exec(trimmed) ?? [];
    const [, key, value] = /^([^=\s]+)\s*=\s*(.*)$/.exec(trimmed) ?? [];
    if (name !== undefined) group = name;
    else if (key === undefined) throw new QgaConfigurationError(`${path}:${index + 1}: neither a group nor a key`);
    else if (group === 'general') values.set(key, value ?? '');
  }
  const flag = (key: string, otherwise: boolean) => {
    const value = values.get(key);
    if (value === undefined) return otherwise;
    if (value === 'true' || value === '1') return true;
    if (value === 'false' || value === '0') return false;
    throw new QgaConfigurationError(`${path}: ${key} must be true or false, not "${value}"`);
  };
  const list = (...keys: readonly string[]) =>
    keys.flatMap((key) => (values.get(key) ?? '').split(';').filter((item) => item !== ''));
  return {
    daemon: flag('daemon', QGA_DEFAULTS.daemon),
    method: values.get('method') ?? QGA_DEFAULTS.method,
    path: values.get('path'),
    pidfile: values.get('pidfile') ?? QGA_DEFAULTS.pidfile,
    statedir: values.get('statedir') ?? QGA_DEFAULTS.statedir,
    verbose: flag('verbose', QGA_DEFAULTS.verbose),
    retryPath: flag('retry-path', QGA_DEFAULTS.retryPath),
    // Its name until QEMU 7.2.
    blockRpcs: list('block-rpcs', 'blacklist'),
    allowRpcs: list('allow-rpcs'),
  };
}

/** The configuration as qemu-ga's `-D` writes it. */
export function formatQgaConfiguration(configuration: QgaConfiguration): string {
  const { daemon, method, path, pidfile, statedir, verbose, retryPath, blockRpcs, allowRpcs } = configuration;
  const lines = [
    '[general]',
    `daemon=${daemon}`,
    `method=${method}`,
    ...(path === undefined ? [] : [`path=${path}`]),
    `pidfile=${pidfile}`,
    `statedir=${statedir}`,
    `verbose=${verbose}`,
    `retry-path=${retryPath}`,
    `block-rpcs=${blockRpcs.join(';')}`,
    ...(allowRpcs.length > 0 ? [`allow-rpcs=${allowRpcs.join(';')}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}
