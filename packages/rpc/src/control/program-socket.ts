import { join } from 'node:path';
import * as v from 'valibot';
import { RpcError } from '../peer/index.ts';
import { HostMethod, HostParams, HostTimeout } from '../session/fields.ts';
import { parseFields } from '../session/methods.ts';

/** What programs of a session may ask of its agent, on the agent's own socket. `docs/guest-agent-host.md` says what it means. */
export const PROGRAM_METHODS = {
  'host.call': {
    params: v.object({ method: HostMethod, params: v.optional(HostParams, {}), timeoutMs: v.optional(HostTimeout) }),
    result: v.object({ return: v.unknown() }),
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
