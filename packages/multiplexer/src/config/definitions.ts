import { LOG_LEVELS } from '@clipmux/posix';
import { HOST_CALL_TIMEOUT_MAX_MS } from '@clipmux/rpc';
import type * as v from 'valibot';
import { DIRECTIONS, PASSWORD_HINTS, type Policy, type Settings } from './settings.ts';
import type { TomlValue } from './toml.ts';
import { alternatives, type ValueKind } from './value-kind.ts';
import {
  commandList,
  count,
  duration,
  flag,
  methodList,
  oneOf,
  orWord,
  policy,
  portList,
  portName,
  servedMethodList,
  size,
  socketAddress,
  socketPath,
  typeList,
  userList,
} from './value-kinds.ts';

/** One key of the configuration. */
export interface Definition<T> {
  /** The table; null for keys before the first table. */
  readonly table: string | null;
  /** The key within its table. */
  readonly key: string;
  /** The key with its table: `clipboard.direction`. */
  readonly name: string;
  readonly default: T;
  /** What is allowed, in words. */
  readonly expected: string;
  readonly schema: v.GenericSchema<unknown, T>;
  /** Whether a change takes effect only when clipmuxd starts again; else when it reads its configuration anew. */
  readonly needsRestart: boolean;
  toToml(value: T): TomlValue;
}

/** A definition for each setting; the compiler sees to it that none is missing and that each is of the right type. */
export type Definitions = {
  readonly [G in keyof Settings]: Settings[G] extends Policy | string
    ? Definition<Settings[G]>
    : { readonly [K in keyof Settings[G]]: Definition<Settings[G][K]> };
};

const MS = 1;
const SECOND = 1000 * MS;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/**
 * The largest size that can be allowed. Content is held in memory where it is pasted, and vdagent tells sizes in 32 bits, its
 * own fields included.
 */
const CONTENT_BYTES_MAX = 2 * GIB;
const CONTENT_SIZE = size(1, CONTENT_BYTES_MAX, 'to let nothing through, set direction');

/** Shorter than the shortest a program takes to answer is a mistake; longer, and the program that pastes has given up. */
const ANSWER_TIME = duration(100 * MS, 10 * MINUTE);

const DIRECTION = orWord('automatic', oneOf(DIRECTIONS));
const TYPES = orWord('all', typeList());
const CONNECTIONS = count(1, 10_000);

/** The one table of all keys, their defaults and what they may be, in the order in which they are documented and printed. */
export const DEFINITIONS: Definitions = {
  policy: define(null, 'policy', policy(), { kind: 'active' }),
  port: define(null, 'port', portName(), '/dev/virtio-ports/com.redhat.spice.0', { needsRestart: true }),
  clipboard: {
    direction: define('clipboard', 'direction', DIRECTION, null),
  },
  primary: {
    direction: define('primary', 'direction', DIRECTION, null),
  },
  hostToGuest: {
    types: define('host-to-guest', 'types', TYPES, null),
    // The largest clipboard that is known to be used, twice over.
    maxBytes: define('host-to-guest', 'max-size', CONTENT_SIZE, 512 * MIB),
  },
  guestToHost: {
    types: define('guest-to-host', 'types', TYPES, null),
    maxBytes: define('guest-to-host', 'max-size', CONTENT_SIZE, 512 * MIB),
  },
  access: {
    users: define('access', 'users', orWord('all', userList()), null),
  },
  privacy: {
    passwordHint: define('privacy', 'password-hint', oneOf(PASSWORD_HINTS), 'withhold'),
    wipeAfterMs: define('privacy', 'wipe-after', orWord('off', duration(1 * SECOND, 24 * HOUR)), null),
  },
  text: {
    normaliseVnc: define('text', 'normalise-vnc', flag(), true),
  },
  timeouts: {
    // QEMU drops answers past 1 MiB and says nothing, so a person waits this long before the paste is given up.
    hostAnswerMs: define('timeouts', 'host-answer', ANSWER_TIME, 8 * SECOND),
    // The owner is a program, which may be busy.
    sessionAnswerMs: define('timeouts', 'session-answer', ANSWER_TIME, 10 * SECOND),
    sessionStallMs: define('timeouts', 'session-stall', ANSWER_TIME, 5 * SECOND),
    // QEMU and spice-gtk repeat what they own with or right after their capabilities.
    settleMs: define('timeouts', 'settle', duration(0, 10 * SECOND), 200 * MS),
  },
  limits: {
    // More than twice the sessions of the largest terminal server that we measure with.
    connections: define('limits', 'connections', CONNECTIONS, 512),
    // A user has one agent a session; more sessions than this are a program that floods.
    connectionsPerUser: define('limits', 'connections-per-user', CONNECTIONS, 32),
    // Saying hello takes milliseconds: these are a burst of logins.
    pendingConnections: define('limits', 'pending-connections', CONNECTIONS, 64),
    pendingConnectionsPerUser: define('limits', 'pending-connections-per-user', CONNECTIONS, 8),
    controlConnections: define('limits', 'control-connections', count(1, 1000), 32),
    hostRequests: define('limits', 'host-requests', count(1, 1000), 64),
  },
  log: {
    level: define('log', 'level', oneOf(LOG_LEVELS), 'info'),
  },
  sockets: {
    session: define('sockets', 'session', socketPath(), '/run/clipmux/session.sock', { needsRestart: true }),
    control: define('sockets', 'control', socketPath(), '/run/clipmux/control.sock', { needsRestart: true }),
  },
  notifications: {
    pasteCutShort: define('notifications', 'paste-cut-short', flag(), true),
  },
  relay: {
    socket: define('relay', 'socket', orWord('off', socketPath()), '/run/clipmux/vdagent.sock', { needsRestart: true }),
  },
  guestAgent: {
    ports: define('guest-agent', 'ports', portList(), [], { needsRestart: true }),
    upstream: define('guest-agent', 'upstream', orWord('none', socketAddress()), null, { needsRestart: true }),
    allow: define('guest-agent', 'allow', orWord('all', commandList()), null),
    block: define('guest-agent', 'block', commandList(), []),
    privileged: define('guest-agent', 'privileged', flag(), false),
    // A program of the session's own user has offered them on purpose, and the host holds the guest in its hands anyway.
    sessionMethods: define('guest-agent', 'session-methods', orWord('all', servedMethodList()), null),
    // Longer than any of qemu-ga's that is not made to wait; those that are have no limit (see upstream/limits.ts).
    upstreamAnswerMs: define('guest-agent', 'upstream-answer', duration(1 * SECOND, 1 * HOUR), 1 * MINUTE),
  },
  hostCalls: {
    port: define('host-calls', 'port', orWord('none', portName()), null, { needsRestart: true }),
    allow: define('host-calls', 'allow', methodList(), []),
    // A method may ask a person at the host something.
    answerMs: define('host-calls', 'answer', duration(100 * MS, HOST_CALL_TIMEOUT_MAX_MS), 1 * MINUTE),
  },
};

function define<T>(
  table: string | null,
  key: string,
  kind: ValueKind<T>,
  defaultValue: T,
  { needsRestart = false } = {},
): Definition<T> {
  const expected = alternatives(kind.options);
  return {
    table,
    key,
    name: table === null ? key : `${table}.${key}`,
    default: defaultValue,
    expected,
    schema: kind.schema(expected),
    needsRestart,
    toToml: (value) => kind.toToml(value),
  };
}
