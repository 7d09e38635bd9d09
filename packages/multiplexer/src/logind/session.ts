import * as v from 'valibot';
import { LogindError } from './errors.ts';

/** One session as logind knows it. */
export interface LogindSession {
  /** logind's id, such as `2` or `c1`: what XDG_SESSION_ID holds. */
  readonly id: string;
  readonly uid: number;
  /** The user's name. */
  readonly user: string;
  /** Such as `seat0`; empty if the session has none (ssh, VNC, xrdp). */
  readonly seat: string;
  /** `x11`, `wayland`, `tty`, `mir`, `unspecified`, or what a later logind invents. */
  readonly type: string;
  /** `user`, `greeter`, `lock-screen`, `background`, `manager` …, or what a later logind invents. */
  readonly class: string;
  /** Whether it is in the foreground of its seat. logind calls every session without a seat active. */
  readonly active: boolean;
  /**
   * LockedHint: the session's own word that its screen is locked. The signals Lock and Unlock only ask a session to do so and say
   * nothing of whether it did; they are not listened to.
   */
  readonly locked: boolean;
  readonly remote: boolean;
  /** X11 display, such as `:0`; empty if logind was not told one. */
  readonly display: string;
  /** Pid of the process that registered the session; 0 if unknown. */
  readonly leader: number;
  /**
   * `online`, `active` or `closing`. Most logind versions don't signal its change, so here it follows from `active` unless the session
   * is closing.
   */
  readonly state: string;
  /** When it began, in milliseconds since the epoch. */
  readonly since: number;
}

/** Whether two snapshots say the same. */
export function sameSessions(a: ReadonlyMap<string, LogindSession>, b: ReadonlyMap<string, LogindSession>): boolean {
  if (a.size !== b.size) return false;
  for (const [id, session] of a) {
    const other = b.get(id);
    if (other === undefined) return false;
    for (const key of Object.keys(session) as (keyof LogindSession)[]) if (session[key] !== other[key]) return false;
  }
  return true;
}

const UINT32 = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff));

/** What a session of logind must and may say of itself; other properties are no concern of ours. */
const SESSION_PROPERTIES = v.object({
  Id: v.string(),
  /** Uid, and the path of the user's object. */
  User: v.tuple([UINT32, v.string()]),
  Name: v.string(),
  /** Id and path of the seat, empty and `/` if there is none. */
  Seat: v.tuple([v.string(), v.string()]),
  Type: v.string(),
  Class: v.string(),
  Active: v.boolean(),
  State: v.optional(v.string(), ''),
  // Before systemd 230 nobody could tell.
  LockedHint: v.optional(v.boolean(), false),
  Remote: v.optional(v.boolean(), false),
  Display: v.optional(v.string(), ''),
  Leader: v.optional(UINT32, 0),
  /** Microseconds since the epoch. */
  Timestamp: v.optional(v.bigint(), 0n),
});

/** A session's properties under their names on the bus. */
export type SessionProperties = v.InferOutput<typeof SESSION_PROPERTIES>;

/** Those that may change in a session's life; all of them by signal, except that State mostly changes in silence. */
const SESSION_CHANGES = v.object({
  Type: v.exactOptional(v.string()),
  Class: v.exactOptional(v.string()),
  Active: v.exactOptional(v.boolean()),
  State: v.exactOptional(v.string()),
  LockedHint: v.exactOptional(v.boolean()),
  Display: v.exactOptional(v.string()),
});

export type SessionChanges = v.InferOutput<typeof SESSION_CHANGES>;

const SEAT_PROPERTIES = v.object({
  Id: v.string(),
  /** Id and path of the session in the foreground, empty and `/` if there is none. */
  ActiveSession: v.tuple([v.string(), v.string()]),
});

const SEAT_CHANGES = v.object({ ActiveSession: v.exactOptional(SEAT_PROPERTIES.entries.ActiveSession) });

/** A seat's properties under their names on the bus. */
export type SeatProperties = v.InferOutput<typeof SEAT_PROPERTIES>;
export type SeatChanges = v.InferOutput<typeof SEAT_CHANGES>;

/** @throws {LogindError} `invalid` */
export const parseSession = (properties: unknown): SessionProperties =>
  parse(SESSION_PROPERTIES, properties, 'a session');
/** Only the properties that were given. @throws {LogindError} `invalid` */
export const parseSessionChanges = (properties: unknown): SessionChanges =>
  parse(SESSION_CHANGES, properties, "a session's changes");
/** @throws {LogindError} `invalid` */
export const parseSeat = (properties: unknown): SeatProperties => parse(SEAT_PROPERTIES, properties, 'a seat');
/** @throws {LogindError} `invalid` */
export const parseSeatChanges = (properties: unknown): SeatChanges =>
  parse(SEAT_CHANGES, properties, "a seat's changes");

const ID_AND_PATH = v.tuple([v.string(), v.string()]);
/** The path in the arguments (id and path) of SessionNew, SessionRemoved, SeatNew, SeatRemoved. @throws {LogindError} `invalid` */
export const parseAnnouncedPath = (body: unknown): string => parse(ID_AND_PATH, body, 'what is new or gone')[1];

const CHANGES = v.tuple([v.string(), v.record(v.string(), v.unknown()), v.array(v.string())]);
/** The arguments of PropertiesChanged: interface, new values, names of those whose values are not told. @throws {LogindError} `invalid` */
export const parseChanges = (body: unknown): v.InferOutput<typeof CHANGES> => parse(CHANGES, body, 'changes');

// ListSessions gives a(susso), ListSeats a(so): the id is the first of each, the path the last.
const SESSION_LIST = v.tuple([v.array(v.tuple([v.string(), UINT32, v.string(), v.string(), v.string()]))]);
const SEAT_LIST = v.tuple([v.array(v.tuple([v.string(), v.string()]))]);
/** Paths of sessions in a reply to ListSessions. @throws {LogindError} `invalid` */
export const parseSessionList = (body: unknown): readonly string[] =>
  parse(SESSION_LIST, body, 'the list of sessions')[0].map((entry) => entry[4]);
/** Paths of seats in a reply to ListSeats. @throws {LogindError} `invalid` */
export const parseSeatList = (body: unknown): readonly string[] =>
  parse(SEAT_LIST, body, 'the list of seats')[0].map((entry) => entry[1]);

const OWNER = v.tuple([v.string()]);
const PATH = v.tuple([v.string()]);
/** The reply to GetNameOwner: a unique name. @throws {LogindError} `invalid` */
export const parseOwner = (body: unknown): string => parse(OWNER, body, 'its name')[0];
/** The reply to GetSessionByPID: the session's path. @throws {LogindError} `invalid` */
export const parsePath = (body: unknown): string => parse(PATH, body, "a process's session")[0];

function parse<Schema extends v.GenericSchema>(schema: Schema, value: unknown, what: string): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const place = v.getDotPath(issue) ?? 'its arguments';
  throw new LogindError('invalid', `logind described ${what} wrongly: ${place} must be ${issue.expected ?? 'there'}`);
}
