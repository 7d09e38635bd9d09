import { join } from 'node:path';
import {
  formatQgaConfiguration,
  QGA_DEFAULTS,
  QgaConfigurationError,
  readQgaConfiguration,
} from './qga-configuration.ts';

/** The options of qemu-ga that clipmuxd takes, for `parseArgs`. */
export const STAND_IN_OPTIONS = {
  method: { type: 'string', short: 'm' },
  path: { type: 'string', short: 'p' },
  statedir: { type: 'string', short: 't' },
  verbose: { type: 'boolean', short: 'v' },
  'block-rpcs': { type: 'string', short: 'b' },
  'allow-rpcs': { type: 'string', short: 'a' },
  'dump-conf': { type: 'boolean', short: 'D' },
  'retry-path': { type: 'boolean', short: 'r' },
} as const;

/** Values of {@link STAND_IN_OPTIONS}. */
export type StandInValues = {
  readonly [N in keyof typeof STAND_IN_OPTIONS]?:
    | ((typeof STAND_IN_OPTIONS)[N]['type'] extends 'boolean' ? boolean : string)
    | undefined;
};

export const STAND_IN_HELP = `As a stand-in for qemu-ga, with its own options:
  -m, --method METHOD     virtio-serial (the default) or unix-listen
  -p, --path PATH         the device or socket of that method
                          (default: /dev/virtio-ports/org.qemu.guest_agent.0)
  -t, --statedir DIR      where session.sock and control.sock are made, unless it is
                          /run or /var/run
  -b, --block-rpcs LIST   commands that may not be called, with commas between them
  -a, --allow-rpcs LIST   the only commands that may be called
  -v, --verbose           --log-level debug
  -D, --dump-conf         print what the options and qemu-ga's configuration (QGA_CONF,
                          else /etc/qemu/qemu-ga.conf) say, and end
  -r, --retry-path        is always so
`;

/** What qemu-ga's options mean for clipmuxd. */
export interface StandIn {
  /** The guest agent's port; undefined where the options ask for none. */
  readonly port: string | undefined;
  /** Where agents connect, the control socket beside it; undefined for the usual place. */
  readonly sessionSocket: string | undefined;
  readonly verbose: boolean;
  readonly allow: readonly string[] | undefined;
  readonly block: readonly string[];
  /** To be printed instead of running. */
  readonly dump: string | undefined;
}

const DEVICE_DEFAULT = '/dev/virtio-ports/org.qemu.guest_agent.0';
/** qemu-ga's own state directories: no place for sockets of this one's. */
const USUAL_DIRECTORIES: readonly string[] = [QGA_DEFAULTS.statedir, '/run'];

/**
 * Reads qemu-ga's options. Its configuration file counts where clipmuxd is started as qemu-ga would be: with a method, a path or a state
 * directory, or to print its configuration.
 * @throws {TypeError} with what to tell the user
 */
export function parseStandIn(values: StandInValues, environment: NodeJS.ProcessEnv): StandIn {
  const { method, path, statedir } = values;
  const dump = values['dump-conf'] ?? false;
  const isStandIn = dump || method !== undefined || path !== undefined || statedir !== undefined;
  let file = QGA_DEFAULTS;
  if (isStandIn) {
    try {
      file = readQgaConfiguration(environment);
    } catch (error) {
      if (error instanceof QgaConfigurationError) throw new TypeError(error.message);
      throw error;
    }
  }
  const configuration = {
    ...file,
    method: method ?? file.method,
    path: path ?? file.path,
    statedir: statedir ?? file.statedir,
    verbose: values.verbose ?? file.verbose,
    retryPath: values['retry-path'] ?? file.retryPath,
    blockRpcs: [...file.blockRpcs, ...listOf(values['block-rpcs'])],
    allowRpcs: [...file.allowRpcs, ...listOf(values['allow-rpcs'])],
  };
  if (configuration.method === 'virtio-serial') configuration.path ??= DEVICE_DEFAULT;
  return {
    port: isStandIn && !dump ? portOf(configuration.method, configuration.path) : undefined,
    sessionSocket: USUAL_DIRECTORIES.includes(configuration.statedir)
      ? undefined
      : join(configuration.statedir, 'session.sock'),
    verbose: configuration.verbose,
    allow: configuration.allowRpcs.length > 0 ? configuration.allowRpcs : undefined,
    block: configuration.blockRpcs,
    dump: dump ? formatQgaConfiguration(configuration) : undefined,
  };
}

function portOf(method: string, path: string | undefined): string {
  if (method !== 'virtio-serial' && method !== 'unix-listen') {
    throw new TypeError(`--method takes virtio-serial or unix-listen, not "${method}"`);
  }
  if (path === undefined) throw new TypeError(`--method ${method} needs --path`);
  return method === 'unix-listen' ? `unix:${path}` : path;
}

function listOf(text: string | undefined): string[] {
  return (text ?? '').split(',').filter((item) => item !== '');
}
