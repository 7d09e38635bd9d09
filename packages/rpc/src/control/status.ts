import * as v from 'valibot';
import { Count, Positive, Selection } from '../session/fields.ts';

/** What `status` and `session.list` tell. Times are milliseconds since 1970, sizes are bytes. */

/** Texts that clipmuxd tells are not bounded: it is trusted, and a line is. */
const Told = v.string();
const Types = v.array(Told);

/** Each selection with something. */
export function bySelection<S extends v.GenericSchema>(schema: S) {
  return v.object({ clipboard: schema, primary: schema });
}

/** Which session takes part now. The text is `active`, `off` or `pinned:N`. */
export const Policy = v.pipe(
  v.string(),
  v.regex(/^(active|off|pinned:[1-9][0-9]{0,9})$/, 'must be "active", "off" or "pinned:" and the id of a session'),
);

/** Who owns a selection, as the host and the session that takes part see it. `session` is given for `session` and `held`. */
export const Owner = v.object({
  kind: v.picklist(['nobody', 'host', 'session', 'held']),
  session: v.optional(Positive),
  types: v.optional(Types, []),
});
export type Owner = v.InferOutput<typeof Owner>;

/** In which directions a selection crosses now, the defaults of the host at hand applied. */
export const DirectionName = v.picklist(['both', 'host-to-guest', 'guest-to-host', 'off']);
export type DirectionName = v.InferOutput<typeof DirectionName>;

/** Why that session takes part, or why none does. */
export const EligibleReason = v.picklist([
  'policy-off',
  'pinned',
  'pinned-absent',
  'locked',
  'active-on-seat',
  'active-without-agent',
  'newest-without-seat',
  'newest',
  'logind-lost',
  'nobody',
]);
export type EligibleReason = v.InferOutput<typeof EligibleReason>;

/** The session that may use the host's clipboard. */
export const Eligible = v.object({ session: v.nullable(Positive), reason: EligibleReason });
export type Eligible = v.InferOutput<typeof Eligible>;

/** A session as logind knows it; texts that it does not set are empty. */
export const LoginSession = v.object({
  id: Told,
  uid: Count,
  user: Told,
  seat: Told,
  type: Told,
  class: Told,
  active: v.boolean(),
  locked: v.boolean(),
});
export type LoginSession = v.InferOutput<typeof LoginSession>;

/** A port to the host. */
const Port = v.object({
  /** As the configuration names it: a device's path, or `unix:PATH`. */
  name: Told,
  state: v.picklist(['stopped', 'opening', 'waiting', 'open']),
  since: Count,
  /** `code` is one of missing, refused, busy, denied, host-absent, gone, failed. */
  lastError: v.nullable(v.object({ code: Told, message: Told, at: Count })),
});

/** Result of `status`. */
export const Status = v.object({
  /** Version of clipmuxd. */
  version: Told,
  /** Version of this contract. */
  protocol: Positive,
  pid: Positive,
  since: Count,
  port: Port,
  /** The port for calls of sessions to the host, how many are open, and which methods may be called; null where there is no such port. */
  hostCalls: v.nullable(v.object({ port: Port, open: Count, allowed: v.array(Told) })),
  host: v.object({
    /** Whether the handshake is done. */
    attached: v.boolean(),
    kind: v.nullable(v.picklist(['qemu', 'spice'])),
    /** Names as QEMU's trace events spell them, such as `clipboard-by-demand`. */
    capabilities: Types,
    /** Whether the host's end does copy and paste at all. */
    clipboard: v.boolean(),
    /** The host takes no more than this; null: it has not said so. */
    maxClipboard: v.nullable(Count),
  }),
  relay: v.object({
    /** Where a stock spice-vdagentd connects; null: nowhere. */
    socket: v.nullable(Told),
    /** Why none can; null: one can. */
    problem: v.nullable(Told),
    /** Whether one is connected. */
    connected: v.boolean(),
    since: Count,
    /** What it does for the host, as names of capabilities. */
    capabilities: Types,
  }),
  policy: Policy,
  eligible: Eligible,
  logind: v.object({
    available: v.boolean(),
    /** Why it is not available. */
    reason: v.nullable(Told),
    /** The session in the foreground of the seat, whether or not it has an agent. */
    active: v.nullable(LoginSession),
  }),
  owners: bySelection(Owner),
  /** Sessions that are connected. */
  sessions: Count,
  settings: v.object({
    /** Files that the configuration was read from. */
    files: v.array(Told),
    direction: bySelection(DirectionName),
    /** MIME types that may cross; null: all. */
    types: v.object({ hostToGuest: v.nullable(Types), guestToHost: v.nullable(Types) }),
    maxBytes: v.object({ hostToGuest: Count, guestToHost: Count }),
    /** Whether content that its program marks as a password is kept from the host. */
    withholdSecrets: v.boolean(),
    logLevel: Told,
  }),
  /** What an administrator should know, a sentence each: that logind is missing, for example. */
  warnings: v.array(Told),
  /** The last errors, oldest first. */
  errors: v.array(v.object({ at: Count, message: Told })),
});
export type Status = v.InferOutput<typeof Status>;

/** One session of `session.list`. */
export const SessionEntry = v.object({
  /** Given by clipmuxd, never twice in one run. */
  id: Positive,
  uid: Count,
  /** The user's name, or the uid in digits where nobody knows it. */
  user: Told,
  pid: Count,
  /** The X11 display. */
  display: Told,
  logind: v.nullable(LoginSession),
  agent: v.object({ name: Told, version: Told }),
  since: Count,
  /** Whether it takes part now. */
  eligible: v.boolean(),
  /** What a program in it owns; null: nothing. */
  offers: bySelection(v.nullable(Types)),
  counters: v.object({
    /** Times that a program took a selection. */
    copies: Count,
    /** Requests for the host's content that were served. */
    pastes: Count,
    bytesToHost: Count,
    bytesToSession: Count,
    /** Requests of either direction that were not served. */
    refused: Count,
  }),
});
export type SessionEntry = v.InferOutput<typeof SessionEntry>;

/** What a session's selection holds: of a program in it, of the host, of an administrator (`held`), or nothing. */
export const SelectionContent = v.object({
  session: Positive,
  selection: Selection,
  owner: v.picklist(['program', 'host', 'held', 'nobody']),
  types: Types,
});
export type SelectionContent = v.InferOutput<typeof SelectionContent>;
