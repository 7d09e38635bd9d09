import { SESSION_CALL_MAX_MS, SESSION_CALL_MS, SESSION_CALLS } from './session-calls.ts';
import { type CommandSchema, optional, required } from './types.ts';

/** Content in one command at most, in bytes before base64: with base64 and what is around it half of what libvirt takes as an answer (10 MiB). */
export const PIECE_BYTES_MAX = 4 * 1024 * 1024;

const ANY = Number.MAX_SAFE_INTEGER;
const id = { kind: 'integer', range: { least: 1, most: ANY } } as const;
const position = { kind: 'integer', range: { least: 0, most: ANY } } as const;

const session = optional(id, 'Id of the session; without it the one that takes part.');
const selection = optional(
  { kind: 'choice', values: ['clipboard', 'primary'] },
  'Which selection: `clipboard` (copy and paste; the default) or `primary` (marking and the middle button).',
);
const sessionReturned = { type: 'integer', description: 'Id of the session that was meant.' };

/** clipmuxd's own commands, in the order of guest-info and the reference. */
export const COMMANDS = {
  'guest-sync-delimited': {
    description:
      'Returns the id after a byte 0xFF, so that whatever else is in the stream can be skipped. A client sends 0xFF before it, which ' +
      'ends a request that was sent in part.',
    arguments: { id: required({ kind: 'integer' }, 'Any number of 64 bits, best a random one.') },
    returns: 'the id; 0xFF comes before the answer',
    example: {
      request: '{"execute": "guest-sync-delimited", "arguments": {"id": 123456}}',
      answer: '{"return": 123456}',
    },
  },
  'guest-sync': {
    description: 'Returns the id. libvirt sends it before each command.',
    arguments: { id: required({ kind: 'integer' }, 'Any number of 64 bits, best a random one.') },
    returns: 'the id',
    example: { request: '{"execute": "guest-sync", "arguments": {"id": 123456}}', answer: '{"return": 123456}' },
  },
  'guest-ping': {
    description: 'Does nothing: clipmuxd answers.',
    arguments: {},
    returns: {},
    example: { request: '{"execute": "guest-ping"}', answer: '{"return": {}}' },
  },
  'guest-info': {
    description:
      'The version and the commands. With a qemu-ga behind clipmuxd the version is that of qemu-ga, and its commands are among them.',
    arguments: {},
    returns: {
      version: { type: 'string', description: 'Version of qemu-ga where one is behind and answers, else of clipmuxd.' },
      supported_commands: {
        type: 'list of object',
        description: '`name`, `enabled` (whether it may be called now) and `success-response` of each command.',
      },
    },
    example: {
      request: '{"execute": "guest-info"}',
      answer:
        '{"return": {"version": "0.1.0", "supported_commands": [{"enabled": true, "name": "guest-ping", "success-response": true}]}}',
    },
  },
  'guest-session-list': {
    description: 'The graphical sessions that have an agent.',
    arguments: {},
    returns: {
      policy: { type: 'string', description: 'Which session takes part: `active`, `off` or `pinned:N`.' },
      eligible: { type: 'integer or null', description: 'Id of the session that takes part now.' },
      reason: { type: 'string', description: 'Why that one, or why none.' },
      sessions: {
        type: 'list of object',
        description:
          '`id`, `user`, `uid`, `display`, `eligible`, `locked` and `active` (as logind says; null where it does not), `agent` with ' +
          '`name` and `version`.',
      },
    },
    example: {
      request: '{"execute": "guest-session-list"}',
      answer:
        '{"return": {"policy": "active", "eligible": 1, "reason": "active-on-seat", "sessions": [{"id": 1, "user": "alice", "uid": 1000, ' +
        '"display": ":0", "eligible": true, "locked": false, "active": true, "agent": {"name": "clipmux-session", "version": "0.1.0"}}]}}',
    },
  },
  'guest-session-select': {
    description:
      'Lets one session take part, active or not, as long as it is there and not locked. Without `session` the one that is active takes ' +
      'part again.',
    arguments: { session: optional(id, 'Id of the session.') },
    returns: {
      policy: { type: 'string', description: 'The policy that holds now.' },
      eligible: { type: 'integer or null', description: 'Id of the session that takes part now.' },
      reason: { type: 'string', description: 'Why that one, or why none.' },
    },
    example: {
      request: '{"execute": "guest-session-select", "arguments": {"session": 2}}',
      answer: '{"return": {"policy": "pinned:2", "eligible": 2, "reason": "pinned"}}',
    },
  },
  'guest-session-call': {
    description:
      'Calls a method in a session and returns its answer. ' +
      '[Programs of the session serve methods](guest-agent-host.md#methods-that-programs-of-a-session-serve); which of them may be called is ' +
      `said by [\`guest-agent.session-methods\`](configuration.md#guest-agentsession-methods). clipmuxd itself serves ${Object.entries(
        SESSION_CALLS,
      )
        .map(([name, text]) => `\`${name}\` (${text})`)
        .join(' and ')}.`,
    arguments: {
      session,
      method: required({ kind: 'string' }, 'What to call: 1 to 64 letters, digits, `.`, `_` and `-`.'),
      params: optional(
        { kind: 'object' },
        'Parameters of the method, at most 65536 bytes; none if not given. Numbers are doubles.',
      ),
      timeout: optional(
        { kind: 'integer', range: { least: 1, most: SESSION_CALL_MAX_MS } },
        `Milliseconds that a program may take; ${SESSION_CALL_MS} if not given. What the same client asks meanwhile waits.`,
      ),
    },
    returns: {
      session: sessionReturned,
      result: { type: 'any JSON', description: 'What the method returns.' },
    },
    example: {
      request:
        '{"execute": "guest-session-call", "arguments": {"session": 1, "method": "choose-file", "params": {"title": "Which one?"}, ' +
        '"timeout": 60000}}',
      answer: '{"return": {"session": 1, "result": {"name": "report.odt"}}}',
    },
  },
  'guest-clipboard-targets': {
    description: "What a session's selection holds, by type.",
    arguments: { session, selection },
    returns: {
      session: sessionReturned,
      selection: { type: 'string', description: 'Which selection.' },
      owner: {
        type: 'string',
        description:
          '`program` in the session, `host`, `held` (set by guest-clipboard-set or clipmuxctl), or `nobody`. Also `nobody` where what ' +
          'there is may not go to the host.',
      },
      types: { type: 'list of string', description: 'MIME types, best first; those only that may go to the host.' },
    },
    example: {
      request: '{"execute": "guest-clipboard-targets"}',
      answer:
        '{"return": {"session": 1, "selection": "clipboard", "owner": "program", "types": ["text/plain;charset=utf-8"]}}',
    },
  },
  'guest-clipboard-get': {
    description:
      'Reads what a program of that session would get if it pasted now. The first call names the `type` and gets the first piece. If that ' +
      'is not all, it comes with a `handle` to the rest, as it was at that moment: further calls name the handle alone, until `eof`. The ' +
      'handle is closed with the last piece, or when it was not used for a minute.',
    arguments: {
      session,
      selection,
      type: optional({ kind: 'string' }, 'MIME type. Without it the text (`text/plain;charset=utf-8`).'),
      handle: optional(id, 'Handle of a content that is being read; then no session, selection or type.'),
      offset: optional(position, 'First byte of the piece, with a handle; without it the first that was not read yet.'),
      count: optional(
        { kind: 'integer', range: { least: 1, most: PIECE_BYTES_MAX } },
        `Bytes at most, before base64: up to ${PIECE_BYTES_MAX}, which is the default.`,
      ),
    },
    returns: {
      type: { type: 'string', description: 'MIME type.' },
      size: { type: 'integer', description: 'Bytes in all.' },
      offset: { type: 'integer', description: 'Where this piece begins.' },
      count: { type: 'integer', description: 'Bytes of this piece.' },
      'buf-b64': { type: 'string', description: 'This piece in base64.' },
      eof: { type: 'boolean', description: 'Whether this was the last piece.' },
      handle: { type: 'integer', description: 'For the next piece; not there with the last one.' },
    },
    example: {
      request: '{"execute": "guest-clipboard-get", "arguments": {"type": "text/plain;charset=utf-8"}}',
      answer:
        '{"return": {"type": "text/plain;charset=utf-8", "size": 5, "offset": 0, "count": 5, "buf-b64": "aGVsbG8=", "eof": true}}',
    },
  },
  'guest-clipboard-set': {
    description:
      'Gives a session content to paste, in one piece or several. With `more` nothing is set yet: it returns a handle, which the next piece ' +
      'names. The piece without `more` is the last. Pieces of one type are put together; another type begins another form of the same ' +
      'content, best first. The first piece decides for which session and selection the content is, and whether it is shared: without ' +
      '`session` it is for the one that takes part then, whichever does when the last piece comes. A session that has left meanwhile, or ' +
      'may not be set any more, makes the next piece an error, and what was sent so far is dropped.',
    arguments: {
      session,
      selection,
      type: optional({ kind: 'string' }, 'MIME type of this piece. Without it the text (`text/plain;charset=utf-8`).'),
      'buf-b64': required({ kind: 'base64', bytesMax: PIECE_BYTES_MAX }, 'The piece in base64.'),
      handle: optional(id, 'Handle of the content that this piece belongs to; then no session or selection.'),
      more: optional({ kind: 'boolean' }, 'Whether another piece follows; no by default.'),
      share: optional(
        { kind: 'boolean' },
        "Whether the host's clipboard is offered it too, as if a program in the session had copied it; no by default. Of several pieces the " +
          'first says it; a later one that says otherwise is an error.',
      ),
    },
    returns: {
      session: sessionReturned,
      selection: { type: 'string', description: 'Which selection.' },
      types: { type: 'list of string', description: 'The types that were set.' },
      handle: { type: 'integer', description: 'With `more` instead of all others: names the content.' },
      size: { type: 'integer', description: 'With `more`: bytes of this type so far.' },
    },
    example: {
      request: '{"execute": "guest-clipboard-set", "arguments": {"buf-b64": "aGVsbG8="}}',
      answer: '{"return": {"session": 1, "selection": "clipboard", "types": ["text/plain;charset=utf-8"]}}',
    },
  },
  'guest-clipboard-close': {
    description: 'Closes a handle of guest-clipboard-get or guest-clipboard-set before its end.',
    arguments: { handle: required(id, 'The handle.') },
    returns: {},
    example: {
      request: '{"execute": "guest-clipboard-close", "arguments": {"handle": 1}}',
      answer: '{"return": {}}',
    },
  },
  'guest-clipboard-clear': {
    description: "A session's selection shall hold nothing.",
    arguments: { session, selection },
    returns: {
      session: sessionReturned,
      selection: { type: 'string', description: 'Which selection.' },
    },
    example: {
      request: '{"execute": "guest-clipboard-clear", "arguments": {"selection": "primary"}}',
      answer: '{"return": {"session": 1, "selection": "primary"}}',
    },
  },
  'guest-clipboard-policy': {
    description:
      'Which session takes part, and what may cross. With `policy` it is set first; it holds until clipmuxd starts again.',
    arguments: {
      policy: optional(
        { kind: 'string' },
        '`active` (the one that logind calls active), `off` (none) or `pinned:N` (session N).',
      ),
    },
    returns: {
      policy: { type: 'string', description: 'The policy that holds now.' },
      eligible: { type: 'integer or null', description: 'Id of the session that takes part now.' },
      reason: { type: 'string', description: 'Why that one, or why none.' },
      direction: {
        type: 'object',
        description: 'For `clipboard` and `primary`: `both`, `host-to-guest`, `guest-to-host` or `off`.',
      },
      privileged: {
        type: 'boolean',
        description: 'Whether these commands may pass locks, directions and limits (`guest-agent.privileged`).',
      },
    },
    example: {
      request: '{"execute": "guest-clipboard-policy"}',
      answer:
        '{"return": {"policy": "active", "eligible": 1, "reason": "active-on-seat", "direction": {"clipboard": "both", "primary": "both"}, ' +
        '"privileged": false}}',
    },
  },
} as const satisfies Readonly<Record<string, CommandSchema>>;

/** {@link COMMANDS} as a type. */
export type Commands = typeof COMMANDS;
/** The name of a command of clipmuxd's own. */
export type CommandName = keyof Commands;

/** Whether it is a command of clipmuxd's own. */
export function isOwnCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}
