/**
 * The errors of clipmux's contracts and their JSON-RPC codes: the one table. JSON-RPC 2.0 reserves -32768 to -32000
 * (https://www.jsonrpc.org/specification#error_object); the first four are its own, ours are small positive numbers.
 * A code keeps its meaning for ever; new ones are appended.
 */
export const RPC_ERROR_CODES = {
  /** The bytes are no JSON. */
  'parse-error': -32700,
  /** JSON, but not a request that is allowed here. */
  'invalid-request': -32600,
  /** No such method in this direction. */
  'method-not-found': -32601,
  /** The parameters do not fit the method. */
  'invalid-params': -32602,

  /** The first message was not session.hello. */
  'hello-required': 1,
  /** None of the versions that clipmuxd speaks is known to the agent. */
  'version-unsupported': 2,
  /** This user, or this session, may not do that. */
  denied: 3,
  /** The session already has an agent, which is alive. */
  'duplicate-agent': 4,
  /** Another agent of the same session has taken this one's place. */
  replaced: 5,
  /** The peer is going down. */
  'shutting-down': 6,
  /** The peer sent what the contract does not allow; the connection ends. */
  'protocol-error': 7,
  /** The peer does not read what it is sent; the connection ends. */
  'slow-peer': 8,
  /** The connection ended before the answer, or before the content was complete. Never sent. */
  'connection-closed': 9,

  /** Nobody owns the selection (any more). */
  'no-owner': 20,
  /** The owner refused to convert the selection to that type. */
  'owner-refused': 21,
  /** The owner went away while it was being asked. */
  'owner-died': 22,
  /** The owner does not offer that type. */
  'type-unavailable': 23,
  /** The content is larger than the asker takes. */
  'too-large': 24,
  /** Something did not happen in its time. */
  'timed-out': 25,
  /** The asker took its request back. */
  cancelled: 26,

  /** A limit of the contract would be passed: open transfers, pending calls. */
  'limit-exceeded': 40,
  /** A fault in the peer; details are in its own log. */
  internal: 41,

  /** The host's end of the port for calls is not there, or went away before it answered. */
  'host-absent': 50,
  /** The configuration does not let sessions call that method of the host. */
  'not-allowed': 51,
  /** The host answered with an error; `data.details` has its class and its description. */
  'host-error': 52,
  /** No program of the session serves that method. */
  'not-served': 53,
  /** The program that serves the method answered with an error; `data.details` has its message. */
  'program-error': 54,
  /** The program that serves the method went away before it answered. */
  'program-left': 55,
  /** Another program of the session serves that method. On the agent's socket for programs alone. */
  'already-served': 56,

  // Those of the control socket alone begin at CONTROL_ERROR_CODE_MIN.
  /** No session has that id, or none takes part where none is named. */
  'no-such-session': 60,
  /** This connection has no such handle (any more). */
  'no-such-handle': 61,
  /** The configuration's files cannot be used; what holds is unchanged. `data.details` has a line for each problem. */
  'invalid-config': 62,
} as const;

/** The least code of those errors that only the control socket has. */
export const CONTROL_ERROR_CODE_MIN = 60;

/** Name of an error, as it is sent in `error.data.name`. */
export type RpcErrorName = keyof typeof RPC_ERROR_CODES;

/** JSON-RPC 2.0's "Internal error", which other implementations send; read as `internal`. */
const JSON_RPC_INTERNAL_ERROR = -32603;

const NAMES = new Map<number, RpcErrorName>([[JSON_RPC_INTERNAL_ERROR, 'internal']]);
for (const [name, code] of Object.entries(RPC_ERROR_CODES)) NAMES.set(code, name as RpcErrorName);

/** Name of a code that came off a wire; `undefined` if it is in no table of this version. */
export function rpcErrorName(code: number): RpcErrorName | undefined {
  return NAMES.get(code);
}

/** Characters of an error's message at most, sent or received: it is meant for one line of a log. */
export const ERROR_MESSAGE_CHARACTERS_MAX = 500;

/** Lines of an error's details at most, sent or received. */
export const ERROR_DETAILS_MAX = 100;

/** The error object of JSON-RPC 2.0 as clipmux sends it. `details` is left out where there are none. */
export interface WireError {
  readonly code: number;
  readonly message: string;
  readonly data: { readonly name: string; readonly details?: readonly string[] };
}

/** An error of the contract: thrown by a handler it is answered as it is; a call that the peer answers with an error rejects with it. */
export class RpcError extends Error {
  /** Which error of {@link RPC_ERROR_CODES}. */
  override readonly name: RpcErrorName;
  /** Its JSON-RPC code. */
  readonly code: number;
  /** Whether the peer sent it; `false` where it arose here (a time-out, a cancelled signal, a lost connection). */
  readonly remote: boolean;
  /** What a person needs beside the message: a line for each problem of a file, for example. Mostly empty. */
  readonly details: readonly string[];

  constructor(name: RpcErrorName, message: string, options: { remote?: boolean; details?: readonly string[] } = {}) {
    super(oneLine(message));
    this.name = name;
    this.code = RPC_ERROR_CODES[name];
    this.remote = options.remote ?? false;
    this.details = (options.details ?? []).slice(0, ERROR_DETAILS_MAX).map(oneLine);
  }

  /** The error as it is sent. */
  toWire(): WireError {
    const details = this.details.length > 0 ? { details: this.details } : {};
    return { code: this.code, message: this.message, data: { name: this.name, ...details } };
  }

  /** An error that came off the wire, whatever it is: an unknown code becomes `internal`, the message is cut to one line of bounded length. */
  static fromWire(error: unknown): RpcError {
    const { code, message, data } = membersOf(error);
    const text = typeof message === 'string' ? message : 'the peer gave no message';
    const name = typeof code === 'number' ? rpcErrorName(code) : undefined;
    const { details } = membersOf(data);
    const lines = Array.isArray(details) ? details.filter((line) => typeof line === 'string') : [];
    if (name !== undefined) return new RpcError(name, text, { remote: true, details: lines });
    return new RpcError('internal', `error with unknown code ${typeof code === 'number' ? code : 'none'}: ${text}`, {
      remote: true,
    });
  }
}

/** What an AbortSignal was aborted with, as an error of the contract: `cancelled` unless the reason is one already. */
export function rpcErrorOfSignal(signal: { readonly reason: unknown }): RpcError {
  return signal.reason instanceof RpcError ? signal.reason : new RpcError('cancelled', 'the request was taken back');
}

function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function oneLine(text: string): string {
  // Control characters of a peer must not reach a terminal or forge lines in a log.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be found
  return text.slice(0, ERROR_MESSAGE_CHARACTERS_MAX).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ');
}
