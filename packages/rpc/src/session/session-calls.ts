import { type CallContext, Cancellation, type CancelSignal, RpcError } from '../peer/index.ts';
import { jsonProblem } from './json-bounds.ts';
import { HOST_RETURN_BYTES_MAX, SESSION_CALLS_MAX } from './limits.ts';
import type { DaemonToAgent, Params } from './methods.ts';

/** A call of a method in the session. */
export type SessionCall = Omit<Params<DaemonToAgent, 'session.call'>, 'call'>;

/**
 * Calls the program of the session that serves the method.
 * @param signal aborted when clipmuxd takes the call back, or is gone
 * @returns any JSON; what is too large becomes the error of that name
 * @throws {RpcError} `not-served`, `program-error`, `program-left`, `timed-out`, `cancelled`, `too-large`, `limit-exceeded`
 */
export type SessionCallHandler = (call: SessionCall, signal: CancelSignal) => Promise<unknown>;

/** The wire's handlers for calls in the session, over the agent's. They know which calls are open, for session.cancel. */
export function sessionCalls(serve: SessionCallHandler | undefined) {
  const open = new Map<number, Cancellation>();
  return {
    'session.call': async ({ call, ...called }: Params<DaemonToAgent, 'session.call'>, { signal }: CallContext) => {
      if (!serve) throw new RpcError('method-not-found', 'no such method here');
      if (open.has(call)) throw new RpcError('invalid-params', 'call is the number of an open call');
      if (open.size >= SESSION_CALLS_MAX) throw tooManyCalls();
      const cancellation = new Cancellation();
      signal.addEventListener('abort', () => cancellation.abort(signal.reason), { once: true });
      open.set(call, cancellation);
      try {
        const returned = (await serve(called, cancellation)) ?? null;
        const problem = jsonProblem(returned, HOST_RETURN_BYTES_MAX);
        if (problem !== undefined) throw new RpcError('too-large', `what the program returned must ${problem}`);
        return { return: returned };
      } finally {
        open.delete(call);
      }
    },
    'session.cancel': ({ call }: Params<DaemonToAgent, 'session.cancel'>) =>
      open.get(call)?.abort(new RpcError('cancelled', 'the call was taken back')),
  };
}

/** What is said at either end when a session has as many calls under way as it may. */
export function tooManyCalls(): RpcError {
  return new RpcError(
    'limit-exceeded',
    `${SESSION_CALLS_MAX} calls are under way in this session: wait for one to end`,
  );
}
