import { SOCKET_PATH_BYTES_MAX } from '@clipmux/posix';
import * as v from 'valibot';
import { TEXT_MIME } from '../host-link/content-types.ts';
import { parsePortName } from '../port/index.ts';
import type { Policy } from './settings.ts';
import { DURATION_UNIT_NAMES, formatDuration, formatSize, parseDuration, parseSize, SIZE_UNIT_NAMES } from './units.ts';
import { accept, alternatives, complain, hasControlCharacters, isIntegerWithin, type ValueKind } from './value-kind.ts';

/** More types than any program offers is a mistake. */
const TYPES_MAX = 64;
/** `LOGIN_NAME_MAX` of Linux is 256 with its NUL. */
const USER_NAME_BYTES_MAX = 255;
/** A list that long is no list any more: a site with so many users leaves the setting out. */
const USERS_MAX = 1000;
/** The highest uid; 2³² − 1 stands for "no user" in system calls (setreuid(2)). */
const UID_MAX = 0xffff_fffe;

/** A value that stands for itself: one of the words. */
export function oneOf<const T extends string>(words: readonly T[]): ValueKind<T> {
  return {
    options: words.map((word) => JSON.stringify(word)),
    schema: (expected) => v.picklist(words, complain(expected)),
    toToml: (value) => value,
  };
}

/** true or false. */
export function flag(): ValueKind<boolean> {
  return {
    options: ['true or false'],
    schema: (expected) => v.boolean(complain(expected)),
    toToml: (value) => value,
  };
}

/** A whole number in a range. */
export function count(least: number, most: number): ValueKind<number> {
  return {
    options: [`a whole number from ${least} to ${most}`],
    schema: (expected) => accept(expected, (input) => (isIntegerWithin(input, least, most) ? input : undefined)),
    toToml: (value) => value,
  };
}

/** A duration in a range, all in ms. */
export function duration(least: number, most: number): ValueKind<number> {
  const read = (input: unknown) => {
    const milliseconds = typeof input === 'string' ? parseDuration(input) : null;
    return isIntegerWithin(milliseconds, least, most) ? milliseconds : undefined;
  };
  return {
    options: [`a duration (${DURATION_UNIT_NAMES}) from "${formatDuration(least)}" to "${formatDuration(most)}"`],
    schema: (expected) => accept(expected, read),
    toToml: formatDuration,
  };
}

/** Bytes in a range, as a number or with a unit. The hint says what to do where the range does not suffice. */
export function size(least: number, most: number, hint: string): ValueKind<number> {
  const read = (input: unknown) => {
    const bytes = typeof input === 'string' ? parseSize(input) : input;
    return isIntegerWithin(bytes, least, most) ? bytes : undefined;
  };
  const range = `from "${formatSize(least)}" to "${formatSize(most)}"`;
  return {
    options: [`a size (${SIZE_UNIT_NAMES}) or a number of bytes, ${range} (${hint})`],
    schema: (expected) => accept(expected, read),
    toToml: formatSize,
  };
}

/** The word stands for null; anything else is of the kind. */
export function orWord<T>(word: string, kind: ValueKind<T>): ValueKind<T | null> {
  const nothing = v.pipe(
    v.unknown(),
    v.transform(() => null),
  );
  return {
    options: [JSON.stringify(word), ...kind.options],
    schema: (expected) => {
      const something: v.GenericSchema<unknown, T | null> = kind.schema(expected);
      return v.lazy((input) => (input === word ? nothing : something));
    },
    toToml: (value) => (value === null ? word : kind.toToml(value)),
  };
}

/** A socket's path. */
export function socketPath(): ValueKind<string> {
  const isPath = (text: string) =>
    /^\/.*[^/]$/s.test(text) && Buffer.byteLength(text) <= SOCKET_PATH_BYTES_MAX && !hasControlCharacters(text);
  return {
    options: [`a socket's absolute path of at most ${SOCKET_PATH_BYTES_MAX} bytes`],
    schema: (expected) => accept(expected, (input) => (typeof input === 'string' && isPath(input) ? input : undefined)),
    toToml: (value) => value,
  };
}

/** A port's name. */
export function portName(): ValueKind<string> {
  const isPort = (text: string) => {
    try {
      parsePortName(text);
      return !hasControlCharacters(text);
    } catch {
      return false;
    }
  };
  return {
    options: ["a device's absolute path", '"unix:PATH"'],
    schema: (expected) => accept(expected, (input) => (typeof input === 'string' && isPort(input) ? input : undefined)),
    toToml: (value) => value,
  };
}

/** More ports than this are a mistake: a virtual machine has one of qemu-ga's, and perhaps one of clipmux's beside it. */
const PORTS_MAX = 8;

/** Ports by name. May be empty. */
export function portList(): ValueKind<readonly string[]> {
  const one = portName();
  const words = alternatives(one.options);
  return {
    options: [`a list of at most ${PORTS_MAX}, each ${words}`],
    schema: (expected) =>
      v.pipe(v.array(one.schema(words), complain(expected)), v.maxLength(PORTS_MAX, complain(expected))),
    toToml: (value) => value,
  };
}

/** A unix socket to connect to, as a port names it. */
export function socketAddress(): ValueKind<string> {
  const isAddress = (text: string) =>
    /^unix:\//.test(text) && Buffer.byteLength(text) <= SOCKET_PATH_BYTES_MAX + 5 && !hasControlCharacters(text);
  return {
    options: ['"unix:PATH" with a socket\'s absolute path'],
    schema: (expected) =>
      accept(expected, (input) => (typeof input === 'string' && isAddress(input) ? input : undefined)),
    toToml: (value) => value,
  };
}

/** qemu-ga has some fifty commands. */
const COMMANDS_MAX = 200;
const COMMAND_NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/** Names of guest-agent commands. May be empty. */
export function commandList(): ValueKind<readonly string[]> {
  return nameList('a command such as "guest-exec"');
}

/** Names of methods of the host, which are formed as those of commands. May be empty. */
export function methodList(): ValueKind<readonly string[]> {
  return nameList('a method of the host such as "open-url"');
}

/** Names of methods that programs of sessions serve, formed alike. May be empty. */
export function servedMethodList(): ValueKind<readonly string[]> {
  return nameList('a method of a program such as "choose-file"');
}

function nameList(one: string): ValueKind<readonly string[]> {
  const item = accept(one, (input) => (typeof input === 'string' && COMMAND_NAME.test(input) ? input : undefined));
  return {
    options: [`a list of at most ${COMMANDS_MAX}, each ${one}`],
    schema: (expected) => v.pipe(v.array(item, complain(expected)), v.maxLength(COMMANDS_MAX, complain(expected))),
    toToml: (value) => value,
  };
}

/** Which session uses the host's clipboard. */
export function policy(): ValueKind<Policy> {
  return {
    options: ['"active"', '"off"', '"pinned:ID" with a session\'s id'],
    schema: (expected) => accept(expected, readPolicy),
    toToml: (value) => (value.kind === 'pinned' ? `pinned:${value.session}` : value.kind),
  };
}

function readPolicy(input: unknown): Policy | undefined {
  if (input === 'active' || input === 'off') return { kind: input };
  const [, id] = (typeof input === 'string' && /^pinned:([1-9][0-9]*)$/.exec(input)) || [];
  const session = Number(id);
  return Number.isSafeInteger(session) ? { kind: 'pinned', session } : undefined;
}

const ONE_TYPE = '"text", "image", a MIME type such as "image/png" or a kind of them such as "image/*"';

/** MIME types, or kinds of them. Not empty: a direction that nothing may cross is switched off as such. */
export function typeList(): ValueKind<readonly string[]> {
  const item = accept(ONE_TYPE, readType);
  return {
    options: [`a list of 1 to ${TYPES_MAX}, each ${ONE_TYPE} (to let nothing through, set direction)`],
    schema: (expected) =>
      v.pipe(
        v.array(item, complain(expected)),
        v.minLength(1, complain(expected)),
        v.maxLength(TYPES_MAX, complain(expected)),
      ),
    toToml: (value) => value,
  };
}

/** RFC 6838 section 4.2: the names of a type and a subtype. */
const MIME_NAME = '[a-z0-9][a-z0-9!#$&^_.+-]{0,126}';
const MIME_TYPE = new RegExp(`^${MIME_NAME}/(?:${MIME_NAME}|\\*)$`);

/** The form in which agents name the type: plain text is always UTF-8, no other type has parameters. */
function readType(input: unknown): string | undefined {
  if (typeof input !== 'string') return undefined;
  const type = input.toLowerCase();
  if (type === 'text' || type === 'image') return `${type}/*`;
  if (type === 'text/plain' || type === TEXT_MIME) return TEXT_MIME;
  return MIME_TYPE.test(type) ? type : undefined;
}

const ONE_USER = `a user's name or a uid (a number from 0 to ${UID_MAX})`;

/** Users by name or uid. */
export function userList(): ValueKind<readonly (string | number)[]> {
  const item = accept(ONE_USER, readUser);
  return {
    options: [`a list of at most ${USERS_MAX}, each ${ONE_USER}`],
    schema: (expected) => v.pipe(v.array(item, complain(expected)), v.maxLength(USERS_MAX, complain(expected))),
    toToml: (value) => value,
  };
}

/** The names that systemd takes in its relaxed mode, which is what user databases hold: https://systemd.io/USER_NAMES/ */
function readUser(input: unknown): string | number | undefined {
  if (isIntegerWithin(input, 0, UID_MAX)) return input;
  if (typeof input !== 'string' || input.trim() !== input || hasControlCharacters(input)) return undefined;
  if (input === '' || Buffer.byteLength(input) > USER_NAME_BYTES_MAX) return undefined;
  return /^(?:-?[0-9]+|-.*|\.{1,2}|.*[:/].*)$/.test(input) ? undefined : input;
}
