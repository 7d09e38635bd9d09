import * as v from 'valibot';
import { Count, Positive, Selection } from '../session/fields.ts';
import { Eligible, Owner, Policy, Status } from './status.ts';

/** What `monitor.start` lets a client see. Sizes, types and ids; never content. */

const Told = v.string();
const Types = v.array(Told);
/** Number of a request, the same in its `request` and its `answer`. */
const RequestNumber = Count;

/** The members of each kind of event, beside `at` and `kind`. */
export const EVENT_MEMBERS = {
  /** An agent has connected. */
  'session-added': { session: Positive, uid: Count, display: Told },
  /** It has gone. */
  'session-removed': { session: Positive, reason: Told },
  /** Another session takes part, or none. */
  eligible: Eligible.entries,
  /** A selection has another owner, or its owner other types. */
  owner: { selection: Selection, owner: Owner },
  /** Somebody wants to paste. `session` is the one that asks, or that is asked by the host. */
  request: {
    request: RequestNumber,
    by: v.picklist(['host', 'session']),
    session: v.nullable(Positive),
    selection: Selection,
    type: Told,
  },
  /** The request was answered: with so many bytes, or with an error by the name that the table of errors has. */
  answer: { request: RequestNumber, size: v.nullable(Count), error: v.nullable(Told) },
  /** The port was opened, was closed, or could not be opened. */
  port: { state: Status.entries.port.entries.state, error: v.nullable(Told) },
  /** The host's end has announced itself, or has gone. */
  host: {
    attached: v.boolean(),
    type: v.nullable(v.picklist(['qemu', 'spice'])),
    capabilities: Types,
    clipboard: v.boolean(),
  },
  policy: { policy: Policy },
  /** The configuration was read again: what has changed, or what is wrong with it. */
  config: { changed: Types, problems: Types },
  /** Something failed; the sentence is in clipmuxd's log too. */
  error: { message: Told },
  /** The client did not read fast enough: so many events were left out. */
  lost: { count: Positive },
} as const;

/** The kinds of events. */
export type ControlEventKind = keyof typeof EVENT_MEMBERS;

type Members<K extends ControlEventKind> = {
  readonly [M in keyof (typeof EVENT_MEMBERS)[K]]: v.InferOutput<
    Extract<(typeof EVENT_MEMBERS)[K][M], v.GenericSchema>
  >;
};

/** An event of one kind, without its time. */
export type ControlHappening = { [K in ControlEventKind]: { readonly kind: K } & Members<K> }[ControlEventKind];

/** An event as it is sent. `at`: milliseconds since 1970. */
export type ControlEvent = ControlHappening & { readonly at: number };

/** The kinds by name, for documents and for those who choose among them. */
export const CONTROL_EVENT_KINDS = Object.keys(EVENT_MEMBERS) as readonly ControlEventKind[];

const SCHEMAS = new Map<string, v.GenericSchema>(
  Object.entries(EVENT_MEMBERS).map(([kind, members]) => [
    kind,
    v.object({ at: Count, kind: v.literal(kind), ...(members as v.ObjectEntries) }),
  ]),
);

/** An event of a kind that this version does not know. */
export interface UnknownEvent {
  readonly at: number;
  readonly kind: string;
}

/** What every event has; the rest is kept as it came. */
export const AnyEvent = v.looseObject({ at: Count, kind: Told });

/** The event, if it is of a kind and a shape that this version knows; a later clipmuxd may send others. */
export function knownEvent(event: UnknownEvent): ControlEvent | undefined {
  const schema = SCHEMAS.get(event.kind);
  if (schema === undefined) return undefined;
  const parsed = v.safeParse(schema, event);
  return parsed.success ? (parsed.output as ControlEvent) : undefined;
}
