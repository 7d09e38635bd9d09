import * as v from 'valibot';
import { RpcError } from '../peer/index.ts';
import {
  CallParams,
  CallTimeout,
  Count,
  ErrorCode,
  MethodName,
  MimeType,
  Positive,
  Selection,
  Text,
  TransferId,
  Types,
} from './fields.ts';

/**
 * The session contract: which methods exist in which direction, and what they carry. `docs/protocol.md` says what they mean.
 * Unknown members of a message are ignored, so that a later version can add some.
 */

type Schema = v.GenericSchema<unknown, object>;

/** A call: it is answered. */
export interface CallSpec<P extends Schema = Schema, R extends Schema = Schema> {
  readonly kind: 'call';
  readonly params: P;
  readonly result: R;
}

/** A notification: it is not. */
export interface NotificationSpec<P extends Schema = Schema> {
  readonly kind: 'notification';
  readonly params: P;
}

function call<P extends Schema, R extends Schema>(params: P, result: R): CallSpec<P, R> {
  return { kind: 'call', params, result };
}

function notification<P extends Schema>(params: P): NotificationSpec<P> {
  return { kind: 'notification', params };
}

/** Methods that both ends have. */
const BOTH_WAYS = {
  ping: call(v.optional(v.object({}), {}), v.object({})),
  'selection.request': call(
    v.object({ selection: Selection, type: MimeType, transfer: TransferId, maxBytes: v.optional(Count) }),
    v.object({ size: Count, type: MimeType }),
  ),
  'transfer.credit': notification(v.object({ transfer: TransferId, bytes: Positive })),
  'transfer.cancel': notification(v.object({ transfer: TransferId, reason: v.optional(Text, '') })),
  'transfer.abort': notification(
    v.object({
      transfer: TransferId,
      error: v.object({ code: ErrorCode, name: v.optional(Text, ''), message: v.string() }),
    }),
  ),
} as const;

/** A call of a method that is somebody else's: of the host's, or of a program's in the session. `call` is the caller's number of it. */
const METHOD_CALL = call(
  v.object({
    call: Count,
    method: MethodName,
    params: v.optional(CallParams, {}),
    timeoutMs: v.optional(CallTimeout),
  }),
  v.object({ return: v.unknown() }),
);

/** What an agent may send to clipmuxd. */
export const AGENT_TO_DAEMON = {
  ...BOTH_WAYS,
  'session.hello': call(
    v.object({
      version: Count,
      agent: v.object({ name: Text, version: Text }),
      display: Text,
      session: v.nullable(Text),
      pid: v.optional(Positive),
    }),
    v.object({
      version: Positive,
      session: Count,
      daemon: v.object({ version: Text }),
      limits: v.object({ jsonFrameBytes: Positive, openTransfers: Positive, pendingCalls: Positive }),
    }),
  ),
  'session.bye': notification(v.object({ reason: Text, code: v.optional(ErrorCode), name: v.optional(Text) })),
  'selection.grab': notification(
    v.object({ selection: Selection, types: Types, seen: Count, secret: v.optional(v.boolean(), false) }),
  ),
  'selection.release': notification(v.object({ selection: Selection, seen: Count })),
  'host.call': METHOD_CALL,
  'host.cancel': notification(v.object({ call: Count })),
} as const;

/** What clipmuxd may send to an agent. */
export const DAEMON_TO_AGENT = {
  ...BOTH_WAYS,
  'session.end': notification(v.object({ reason: Text, code: ErrorCode, name: v.optional(Text) })),
  'selection.grab': notification(v.object({ selection: Selection, serial: Positive, types: Types })),
  'selection.release': notification(v.object({ selection: Selection, serial: Positive })),
  'paste.cut-short': notification(
    v.object({
      selection: Selection,
      direction: v.picklist(['host-to-guest', 'guest-to-host'], 'must be "host-to-guest" or "guest-to-host"'),
      reason: v.picklist(['timed-out', 'too-large'], 'must be "timed-out" or "too-large"'),
    }),
  ),
  'session.call': METHOD_CALL,
  'session.cancel': notification(v.object({ call: Count })),
} as const;

/** One direction of the contract. */
export type Contract = Readonly<Record<string, CallSpec | NotificationSpec>>;
/** {@link AGENT_TO_DAEMON} as a type. */
export type AgentToDaemon = typeof AGENT_TO_DAEMON;
/** {@link DAEMON_TO_AGENT} as a type. */
export type DaemonToAgent = typeof DAEMON_TO_AGENT;

/** Names of the calls of a direction. */
export type CallName<C extends Contract> = { [M in keyof C]: C[M] extends CallSpec ? M : never }[keyof C] & string;
/** Names of the notifications of a direction. */
export type NotificationName<C extends Contract> = {
  [M in keyof C]: C[M] extends NotificationSpec ? M : never;
}[keyof C] &
  string;
/** Parameters of a method as its handler gets them. */
export type Params<C extends Contract, M extends keyof C> = v.InferOutput<C[M]['params']>;
/** Parameters of a method as they may be sent. */
export type SentParams<C extends Contract, M extends keyof C> = v.InferInput<C[M]['params']>;
/** Result of a call. */
export type Result<C extends Contract, M extends keyof C> =
  C[M] extends CallSpec<Schema, infer R> ? v.InferOutput<R> : never;

/**
 * Checks a value off the wire against a schema.
 * @param errorName what to throw: `invalid-params` for what the peer asks, `protocol-error` for what it answers
 * @throws {RpcError} naming the member, never quoting the value
 */
export function parseFields<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  errorName: 'invalid-params' | 'protocol-error' = 'invalid-params',
): v.InferOutput<S> {
  // To valibot a list is an object without keys, and an object of no fields takes it. A result may be a list.
  if (errorName === 'invalid-params' && Array.isArray(value))
    throw new RpcError(errorName, 'the parameters must be an object');
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue);
  // valibot's own messages quote what was received; ours, all beginning with "must", do not.
  if (issue.received === 'undefined') throw new RpcError(errorName, `${path ?? 'the parameters'} must be given`);
  const problem = issue.message.startsWith('must ') ? issue.message : `must be ${issue.expected ?? 'something else'}`;
  throw new RpcError(errorName, `${path ?? 'the parameters'} ${problem}`);
}
