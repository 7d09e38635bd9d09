import * as v from 'valibot';
import { Count, MimeType, Positive, Selection } from '../session/fields.ts';
import { GRAB_TYPES_MAX } from '../session/limits.ts';
import type { CallSpec, NotificationSpec } from '../session/methods.ts';
import { AnyEvent } from './events.ts';
import { CONTROL_PIECE_BYTES_MAX } from './limits.ts';
import { Eligible, Policy, SelectionContent, SessionEntry, Status } from './status.ts';

/**
 * The control contract: what a client may call. `docs/protocol-control.md` says what it means. Unknown members are ignored, so
 * that a later version can add some.
 */

type Schema = v.GenericSchema<unknown, object>;

function call<P extends Schema, R extends Schema>(params: P, result: R): CallSpec<P, R> {
  return { kind: 'call', params, result };
}

/** No parameters: none at all, or an empty object. */
const NONE = v.optional(v.object({}), {});
const DONE = v.object({});

/** Whose selection is meant; the session that takes part, if it is not given. */
const WHOSE = { session: v.optional(Positive), selection: v.optional(Selection, 'clipboard') } as const;
const Handle = Count;
/** Checked by `decodeBase64`. */
const Base64 = v.string();
const LogLevelName = v.picklist(
  ['error', 'warning', 'info', 'debug', 'trace'],
  'must be error, warning, info, debug or trace',
);

/** Result of what sets or clears a selection. */
const HeldContent = v.object({ session: Positive, types: v.array(v.string()) });

/** What a client may call. */
export const CONTROL_METHODS = {
  status: call(NONE, Status),
  'session.list': call(NONE, v.array(SessionEntry)),
  'session.select': call(v.object({ session: v.nullable(Positive) }), v.object({ policy: Policy, eligible: Eligible })),
  'policy.get': call(NONE, v.object({ policy: Policy })),
  'policy.set': call(v.object({ policy: Policy }), v.object({ policy: Policy, eligible: Eligible })),
  'clipboard.targets': call(v.object(WHOSE), SelectionContent),
  'clipboard.get': call(
    v.object({ ...WHOSE, type: MimeType }),
    v.object({ handle: Handle, type: v.string(), size: Count }),
  ),
  'clipboard.read': call(
    v.object({
      handle: Handle,
      offset: Count,
      size: v.pipe(
        v.number(),
        v.integer('must be an integer'),
        v.minValue(1, 'must be at least 1'),
        v.maxValue(CONTROL_PIECE_BYTES_MAX, `must be at most ${CONTROL_PIECE_BYTES_MAX}`),
      ),
    }),
    v.object({ data: Base64, eof: v.boolean() }),
  ),
  'clipboard.close': call(v.object({ handle: Handle }), DONE),
  'clipboard.set': call(
    v.object({
      ...WHOSE,
      contents: v.pipe(
        v.array(v.object({ type: MimeType, data: Base64 })),
        v.minLength(1, 'must have at least one content'),
        v.maxLength(GRAB_TYPES_MAX, `must be at most ${GRAB_TYPES_MAX} contents`),
      ),
      share: v.optional(v.boolean(), false),
    }),
    HeldContent,
  ),
  'clipboard.begin': call(NONE, v.object({ handle: Handle })),
  'clipboard.append': call(v.object({ handle: Handle, type: MimeType, data: Base64 }), v.object({ size: Count })),
  'clipboard.commit': call(v.object({ ...WHOSE, handle: Handle, share: v.optional(v.boolean(), false) }), HeldContent),
  'clipboard.clear': call(v.object(WHOSE), v.object({ session: Positive })),
  'monitor.start': call(NONE, DONE),
  'monitor.stop': call(NONE, DONE),
  'log.level': call(v.optional(v.object({ level: v.optional(LogLevelName) }), {}), v.object({ level: LogLevelName })),
  'config.show': call(NONE, v.object({ toml: v.string() })),
  'config.reload': call(NONE, v.object({ changed: v.array(v.string()), restart: v.optional(v.array(v.string()), []) })),
  trace: call(v.optional(v.object({ on: v.optional(v.boolean()) }), {}), v.object({ on: v.boolean() })),
} as const;

/** {@link CONTROL_METHODS} as a type. */
export type ControlMethods = typeof CONTROL_METHODS;
/** The names of the calls. */
export type ControlMethod = keyof ControlMethods;
/** A call's parameters as clipmuxd's handler gets them. */
export type ControlParams<M extends ControlMethod> = v.InferOutput<ControlMethods[M]['params']>;
/** A call's parameters as a client may send them. */
export type SentControlParams<M extends ControlMethod> = NonNullable<v.InferInput<ControlMethods[M]['params']>>;
/** A call's result. */
export type ControlResult<M extends ControlMethod> = v.InferOutput<ControlMethods[M]['result']>;

/** What clipmuxd may send beside answers. */
export const CONTROL_NOTIFICATIONS = {
  event: { kind: 'notification', params: AnyEvent },
} as const satisfies Readonly<Record<string, NotificationSpec<Schema>>>;
