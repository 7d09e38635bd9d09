import { parseArgs } from 'node:util';
import { RawJson, SESSION_CALL_MAX_MS } from '@clipmux/guest-agent';
import type { Manner } from '../endpoint/options.ts';
import { MIME_TYPES, type SelectionName, TEXT_TYPE } from '../mime.ts';
import { checkSocketPath } from '../socket/path.ts';
import { UsageError } from './exit-status.ts';

/** What every command needs. */
export interface CommonArguments {
  readonly socket: string;
  readonly listen: boolean;
  readonly manner: Manner;
  readonly selection: SelectionName;
}

/** What the commands of the clipboard's own port need. */
interface PortArguments extends CommonArguments {
  /** Milliseconds; undefined for no limit. */
  readonly timeout: number | undefined;
}

/** What the commands of the guest agent's port need. */
interface AskingArguments extends CommonArguments {
  /** Milliseconds, `Infinity` for no limit; undefined for what the command has by default. */
  readonly timeout: number | undefined;
}

/** `copy`. */
export interface CopyArguments extends PortArguments {
  readonly command: 'copy';
  /** A file for each type; null for the standard input, at most once. */
  readonly sources: ReadonlyMap<string, string | null>;
  readonly once: boolean;
}

/** `paste`. */
export interface PasteArguments extends PortArguments {
  readonly command: 'paste';
  readonly type: string | undefined;
  readonly output: string | undefined;
  readonly wait: boolean;
}

/** `watch`. */
export interface WatchArguments extends PortArguments {
  readonly command: 'watch';
  readonly json: boolean;
}

/** `sessions`. */
export interface SessionsArguments extends AskingArguments {
  readonly command: 'sessions';
  readonly json: boolean;
}

/** `get`. */
export interface GetArguments extends AskingArguments {
  readonly command: 'get';
  readonly session: number | undefined;
  readonly type: string | undefined;
  readonly output: string | undefined;
}

/** `set`. */
export interface SetArguments extends AskingArguments {
  readonly command: 'set';
  readonly session: number | undefined;
  /** As those of {@link CopyArguments}. */
  readonly sources: ReadonlyMap<string, string | null>;
  readonly share: boolean;
}

/** `call`. */
export interface CallArguments extends AskingArguments {
  readonly command: 'call';
  /** A command of the guest agent. */
  readonly name: string;
  /** A JSON object as it was written: a number is more than JavaScript makes of it. */
  readonly given: RawJson;
}

/** `session-call`. */
export interface SessionCallArguments extends AskingArguments {
  readonly command: 'session-call';
  readonly session: number | undefined;
  readonly method: string;
  /** As `given` of {@link CallArguments}. */
  readonly params: RawJson;
  /** Milliseconds that the program may take; undefined: what the guest allows by itself. */
  readonly programTimeout: number | undefined;
}

/** `events`. */
export interface EventsArguments extends CommonArguments {
  readonly command: 'events';
  readonly json: boolean;
}

/** `serve`. */
export interface ServeArguments extends CommonArguments {
  readonly command: 'serve';
  /** A shell command for each method. */
  readonly handlers: ReadonlyMap<string, string>;
}

/** Commands of the guest agent's port. */
export type AgentArguments = SessionsArguments | GetArguments | SetArguments | CallArguments | SessionCallArguments;

/** What the command line asks for. */
export type Arguments =
  | CopyArguments
  | PasteArguments
  | WatchArguments
  | AgentArguments
  | EventsArguments
  | ServeArguments
  | { readonly command: 'help' | 'version' };

const COMMANDS: readonly string[] = [
  ...['copy', 'paste', 'watch'],
  ...['sessions', 'get', 'set', 'session-call', 'call'],
  ...['events', 'serve'],
];

/** Arguments after the command, at most. */
const FILES: Readonly<Record<string, number>> = { copy: 1, set: 1, 'session-call': 2, call: 2 };

/** Milliseconds that a paste waits unless told otherwise. */
const DEFAULT_PASTE_TIMEOUT = 10_000;

/** The longest time-out in seconds: what a timer holds. */
const MAX_TIMEOUT_SECONDS = 2_000_000;

/** Reads the command line. Throws {@link UsageError}. */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse(argv);
  if (values.help) return { command: 'help' };
  if (values.version) return { command: 'version' };
  const [command, ...rest] = positionals;
  if (command === undefined) throw new UsageError(`a command is missing: one of ${COMMANDS.join(', ')}`);
  if (!COMMANDS.includes(command))
    throw new UsageError(`there is no command ${command}: there are ${COMMANDS.join(', ')}`);
  const excess = rest.slice(FILES[command] ?? 0);
  if (excess.length > 0) throw new UsageError(`too many arguments: ${excess.join(' ')}`);
  const [file, argument] = rest;
  if (values.socket === undefined) throw new UsageError('--socket PATH is missing');
  try {
    checkSocketPath(values.socket);
  } catch (error) {
    throw new UsageError(`--socket: ${(error as Error).message}`);
  }
  const common = {
    socket: values.socket,
    listen: values.listen ?? false,
    manner: oneOf('--manner', values.manner ?? 'qemu', ['qemu', 'spice']),
    selection: oneOf('--selection', values.selection ?? 'clipboard', ['clipboard', 'primary']),
  };
  const types = values.type ?? [];
  const asking = () => ({ ...common, timeout: answerTimeout(values.timeout) });
  switch (command) {
    case 'copy':
      only(command, values, [...PORT, 'timeout', 'type', 'once']);
      return {
        ...common,
        command,
        timeout: timeout(values.timeout, undefined),
        sources: sources(types, file),
        once: values.once ?? false,
      };
    case 'paste':
      only(command, values, [...PORT, 'timeout', 'type', 'output', 'wait']);
      if (types.length > 1) throw new UsageError('paste takes one --type');
      return {
        ...common,
        command,
        timeout: timeout(values.timeout, DEFAULT_PASTE_TIMEOUT),
        type: types[0] === undefined ? undefined : oneOf('--type', types[0], MIME_TYPES),
        output: values.output,
        wait: values.wait ?? false,
      };
    case 'watch':
      only(command, values, [...PORT, 'timeout', 'json']);
      return { ...common, command, timeout: timeout(values.timeout, undefined), json: values.json ?? false };
    case 'sessions':
      only(command, values, ['timeout', 'json']);
      return { ...asking(), command, json: values.json ?? false };
    case 'get':
      only(command, values, ['timeout', 'session', 'selection', 'type', 'output']);
      if (types.length > 1) throw new UsageError('get takes one --type');
      return { ...asking(), command, session: session(values.session), type: types[0], output: values.output };
    case 'set':
      only(command, values, ['timeout', 'session', 'selection', 'type', 'share']);
      return {
        ...asking(),
        command,
        session: session(values.session),
        sources: sources(types, file),
        share: values.share ?? false,
      };
    case 'call':
      only(command, values, ['timeout']);
      if (file === undefined) throw new UsageError('call: the name of a command is missing');
      return { ...asking(), command, name: file, given: jsonObject(command, argument ?? '{}') };
    case 'session-call':
      only(command, values, ['timeout', 'session']);
      if (file === undefined) throw new UsageError('session-call: the name of a method is missing');
      return {
        ...asking(),
        command,
        session: session(values.session),
        method: file,
        params: jsonObject(command, argument ?? '{}'),
        programTimeout: programTimeout(values.timeout),
      };
    case 'events':
      only(command, values, ['listen', 'json']);
      return { ...common, command, json: values.json ?? false };
    case 'serve':
      only(command, values, ['listen', 'handler']);
      return { ...common, command, handlers: handlers(values.handler ?? []) };
    default:
      throw new UsageError(`there is no command ${command}`);
  }
}

function parse(argv: readonly string[]): ReturnType<typeof parseArgs<typeof CONFIGURATION>> {
  try {
    return parseArgs({ ...CONFIGURATION, args: [...argv] });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

const CONFIGURATION = {
  allowPositionals: true,
  options: {
    socket: { type: 'string' },
    listen: { type: 'boolean' },
    manner: { type: 'string' },
    selection: { type: 'string' },
    type: { type: 'string', multiple: true },
    output: { type: 'string' },
    once: { type: 'boolean' },
    wait: { type: 'boolean' },
    timeout: { type: 'string' },
    json: { type: 'boolean' },
    session: { type: 'string' },
    share: { type: 'boolean' },
    handler: { type: 'string', multiple: true },
    help: { type: 'boolean' },
    version: { type: 'boolean' },
  },
} as const;

/** Options that belong to some commands only. */
const SPECIAL = [
  ...['listen', 'manner', 'selection', 'timeout', 'type', 'output', 'once', 'wait', 'json'],
  ...['session', 'share', 'handler'],
];
/** Those of the commands that are at the clipboard's own port. */
const PORT = ['listen', 'manner', 'selection'];

function only(command: string, values: Readonly<Record<string, unknown>>, allowed: readonly string[]): void {
  for (const option of SPECIAL) {
    if (values[option] !== undefined && !allowed.includes(option)) {
      throw new UsageError(`--${option} does not belong to ${command}`);
    }
  }
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw new UsageError(`${option} ${value}: must be one of ${allowed.join(', ')}`);
  return found;
}

function timeout(value: string | undefined, byDefault: number | undefined): number | undefined {
  if (value === undefined) return byDefault;
  const seconds = value.trim() === '' ? Number.NaN : Number(value);
  if (!(seconds >= 0 && seconds <= MAX_TIMEOUT_SECONDS)) {
    throw new UsageError(`--timeout ${value}: must be seconds, 0 to ${MAX_TIMEOUT_SECONDS}`);
  }
  return seconds === 0 ? undefined : seconds * 1000;
}

/** As those of {@link AskingArguments}. */
function answerTimeout(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  return timeout(value, undefined) ?? Number.POSITIVE_INFINITY;
}

/** No limit is as long as a guest waits at most. */
function programTimeout(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  return Math.max(1, Math.round(timeout(value, undefined) ?? SESSION_CALL_MAX_MS));
}

/** The type's own name may hold a `=` (charset=utf-8), so what comes before the file is looked up, not cut off. */
function sources(types: readonly string[], file: string | undefined): ReadonlyMap<string, string | null> {
  const result = new Map<string, string | null>();
  const standard = file === undefined || file === '-' ? null : file;
  for (const value of types) {
    const type = MIME_TYPES.find((each) => value === each || value.startsWith(`${each}=`));
    if (type === undefined)
      throw new UsageError(`--type ${value}: must be one of ${MIME_TYPES.join(', ')}, or one of them =FILE`);
    if (result.has(type)) throw new UsageError(`--type ${type} is given twice`);
    result.set(type, value === type ? standard : value.slice(type.length + 1));
  }
  if (types.length === 0) result.set(TEXT_TYPE, standard);
  const unnamed = types.filter((value) => MIME_TYPES.includes(value)).length;
  if (unnamed > 1) throw new UsageError('only one --type can do without =FILE: there is one content');
  if (types.length > 0 && unnamed === 0 && file !== undefined) {
    // FILE is text unless a --type says otherwise.
    if (result.has(TEXT_TYPE)) throw new UsageError(`${file}: no --type says what it is`);
    result.set(TEXT_TYPE, standard);
  }
  return result;
}

function session(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^[1-9][0-9]{0,14}$/.test(value)) throw new UsageError(`--session ${value}: must be the number of a session`);
  return Number(value);
}

function jsonObject(command: string, text: string): RawJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return new RawJson(text);
  throw new UsageError(`${command}: ${command === 'call' ? 'the arguments' : 'the parameters'} must be a JSON object`);
}

function handlers(values: readonly string[]): ReadonlyMap<string, string> {
  const result = new Map<string, string>();
  for (const value of values) {
    const [, method = '', command = ''] = /^([A-Za-z0-9_.-]{1,64})=(.+)$/s.exec(value) ?? [];
    if (method === '') throw new UsageError(`--handler ${value}: must be METHOD=COMMAND`);
    if (result.has(method)) throw new UsageError(`--handler ${method} is given twice`);
    result.set(method, command);
  }
  if (result.size === 0) throw new UsageError('serve: at least one --handler METHOD=COMMAND is needed');
  return result;
}
