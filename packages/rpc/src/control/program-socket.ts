import { join } from 'node:path';
import * as v from 'valibot';
import { RpcError } from '../peer/index.ts';
import { CallParams, CallTimeout, MethodName, ServedMethod } from '../session/fields.ts';
import { DAEMON_TO_AGENT, parseFields } from '../session/methods.ts';
import { SERVED_METHODS_MAX } from './limits.ts';

/** What programs of a session may ask of its agent, on the agent's own socket. `docs/guest-agent-host.md` says what it means. */
export const PROGRAM_METHODS = {
  'host.call': {
    params: v.object({ method: MethodName, params: v.optional(CallParams, {}), timeoutMs: v.optional(CallTimeout) }),
    result: v.object({ return: v.unknown() }),
  },
  'session.serve': {
    params: v.object({
      methods: v.pipe(
        v.array(ServedMethod),
        v.minLength(1, 'must name a method'),
        v.maxLength(SERVED_METHODS_MAX, `must be at most ${SERVED_METHODS_MAX} methods`),
      ),
    }),
    result: v.object({}),
  },
} as const;

/** A call of the host, as a program asks for it. */
export type HostCallQuestion = v.InferOutput<(typeof PROGRAM_METHODS)['host.call']['params']>;

/** @throws {RpcError} `invalid-params` */
export function parseHostCall(params: unknown): HostCallQuestion {
  return parseFields(PROGRAM_METHODS['host.call'].params, params);
}

/** What a call of the host returned. @throws {RpcError} `protocol-error` */
export function parseHostReturn(result: unknown): unknown {
  return parseFields(PROGRAM_METHODS['host.call'].result, result, 'protocol-error').return;
}

/** Methods that a program serves from now on, as it says. */
export type ServeRequest = v.InferOutput<(typeof PROGRAM_METHODS)['session.serve']['params']>;

/** @throws {RpcError} `invalid-params` */
export function parseServe(params: unknown): ServeRequest {
  return parseFields(PROGRAM_METHODS['session.serve'].params, params);
}

/** A call of a program that serves the method. `call` is the agent's number of it, for session.cancel. */
export type ServedCall = v.InferOutput<(typeof DAEMON_TO_AGENT)['session.call']['params']>;

/** @throws {RpcError} `invalid-params` */
export function parseServedCall(params: unknown): ServedCall {
  return parseFields(DAEMON_TO_AGENT['session.call'].params, params);
}

/** The call that the agent takes back. @throws {RpcError} `invalid-params` */
export function parseServedCancel(params: unknown): { readonly call: number } {
  return parseFields(DAEMON_TO_AGENT['session.cancel'].params, params);
}

/** What a program returned for a call. @throws {RpcError} `protocol-error` */
export function parseServedReturn(result: unknown): unknown {
  return parseFields(DAEMON_TO_AGENT['session.call'].result, result, 'protocol-error').return;
}

/**
 * Where the agent of a display listens for programs of its session: in the user's own runtime directory, which nobody else may enter
 * (https://specifications.freedesktop.org/basedir-spec/latest/). All screens of a display have one agent.
 * @throws {RpcError} `no-such-session` where there is no such directory or display
 */
export function programSocketPath(environment: NodeJS.ProcessEnv, display = environment['DISPLAY']): string {
  const { XDG_RUNTIME_DIR } = environment;
  if (!XDG_RUNTIME_DIR?.startsWith('/'))
    throw new RpcError('no-such-session', 'XDG_RUNTIME_DIR is not set: programs can only call from within a session');
  const [, host, number] = /^(.*):(\d+)(?:\.\d+)?$/.exec(display ?? '') ?? [];
  if (number === undefined)
    throw new RpcError('no-such-session', 'DISPLAY names no display: programs can only call from within a session');
  const name = host ? `${host.replace(/[^0-9A-Za-z.-]/g, '_')}-${number}` : number;
  return join(XDG_RUNTIME_DIR, 'clipmux', `display-${name}.sock`);
}
