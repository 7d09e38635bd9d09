import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TextDecoder } from 'node:util';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { type ConfigFile, evaluate } from './parse-settings.ts';
import type { Settings } from './settings.ts';

/** Where the configuration is looked for unless the command line says otherwise. */
export const DEFAULT_CONFIG_PATH = '/etc/clipmux/clipmux.toml';

/** The directory of drop-ins is named after the file: `/etc/clipmux/clipmux.toml.d`. */
const DROP_IN_DIRECTORY_SUFFIX = '.d';
/**
 * Drop-ins are named like the file that they add to, so that editors and linters know them as TOML. Anything else in the directory
 * (README, `x.toml~`, `x.toml.rpmsave`, `x.conf.disabled`) is left alone.
 */
const DROP_IN_SUFFIX = '.toml';

/** A configuration is some hundred bytes; this is room for comments, and keeps a mistaken path from filling the memory. */
const FILE_BYTES_MAX = 1024 * 1024;

export interface LoadOptions {
  /** True where a person named the file: then it must be there. Default false: without it the defaults and the drop-ins hold. */
  readonly mustExist?: boolean;
}

/**
 * Reads the file and its drop-ins, which are the files `*.toml` in the directory `PATH.d`, in the order of their names' bytes.
 *
 * @throws {ConfigError} with all that is wrong in all files, those included that cannot be read
 */
export function loadSettings(path: string = DEFAULT_CONFIG_PATH, options: LoadOptions = {}): Settings {
  const files: ConfigFile[] = [];
  const problems: ConfigProblem[] = [];
  const attempt = (file: string, action: () => void) => {
    try {
      action();
    } catch (error) {
      problems.push({ file, position: null, key: null, message: explain(error as NodeJS.ErrnoException) });
    }
  };
  attempt(path, () => files.push(...readFile(path, options.mustExist ?? false)));
  const directory = `${path}${DROP_IN_DIRECTORY_SUFFIX}`;
  attempt(directory, () => {
    for (const name of dropInNames(directory)) {
      const dropIn = join(directory, name);
      attempt(dropIn, () => files.push(...readFile(dropIn, true)));
    }
  });
  const { settings, problems: mistakes } = evaluate(files);
  if (problems.length + mistakes.length > 0) throw new ConfigError([...problems, ...mistakes]);
  return settings;
}

function dropInNames(directory: string): string[] {
  const names = ifExists(() => readdirSync(directory)) ?? [];
  return names
    .filter((name) => name.endsWith(DROP_IN_SUFFIX) && !name.startsWith('.'))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function readFile(path: string, mustExist: boolean): ConfigFile[] {
  const open = () => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const fd = mustExist ? open() : ifExists(open);
  if (fd === null) return [];
  try {
    const stat = fstatSync(fd);
    // Reading a pipe or a device would wait, or never end.
    if (!stat.isFile()) throw new Error('is no regular file: a configuration is one');
    if (stat.size > FILE_BYTES_MAX)
      throw new Error(`has more than ${FILE_BYTES_MAX} bytes: no configuration needs them`);
    return [{ path, text: decode(readFileSync(fd)) }];
  } finally {
    closeSync(fd);
  }
}

/** What the action gives; null where there is no such file. */
function ifExists<T>(action: () => T): T | null {
  try {
    return action();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('is not UTF-8, as TOML must be: convert it, for example with iconv');
  }
}

function explain(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      return 'does not exist: create it, or name another file';
    case 'EACCES':
      return 'may not be read by this user: change its owner or mode, for example to root and 0644';
    default:
      return error.code === undefined ? error.message : `cannot be read: ${error.message}`;
  }
}
