import {
  type AnswerObject,
  dialectErrors,
  GuestAgentError,
  isOwnSessionCall,
  type JsonObject,
  plainJson,
  RawJson,
  SESSION_CALL_MS,
  type SessionCallMethod,
} from '@clipmux/guest-agent';
import {
  HOST_PARAMS_BYTES_MAX,
  isReservedMethod,
  jsonProblem,
  METHOD_NAME,
  METHOD_NAME_WORDS,
  RESERVED_METHODS_WORDS,
  RpcError,
  SELECTIONS,
  type Selection,
} from '@clipmux/rpc';
import { SESSION_PING_MS } from '../limits.ts';
import type { CommandContext, CommandHandlers } from './answering.ts';
import type { ClipboardAccess, CrossingRules, GuestAgentTarget } from './clipboard-access.ts';

/**
 * The commands that see, choose and call sessions.
 * @param sessionMethods the methods of programs that may be called; null: all
 */
export function sessionCommands(
  target: GuestAgentTarget,
  access: ClipboardAccess,
  sessionMethods: () => readonly string[] | null,
): CommandHandlers<'guest-session-list' | 'guest-session-select' | 'guest-session-call' | 'guest-clipboard-policy'> {
  const choice = () => {
    const { session, reason } = target.eligible;
    return { policy: target.policy, eligible: session, reason };
  };
  return {
    'guest-session-list': () => ({ ...choice(), sessions: target.sessions().map(describe) }),
    'guest-session-select': ({ session }) => {
      target.setPolicy(session === undefined ? 'active' : `pinned:${session}`);
      return choice();
    },
    'guest-session-call': async ({ session, method, params = new Map(), timeout = SESSION_CALL_MS }, context) => {
      if (!isOwnSessionCall(method)) return callProgram(session, { method, params, timeoutMs: timeout }, context);
      const called = session ?? target.eligible.session;
      if (called === null) throw new RpcError('no-such-session', 'no session takes part now: name one');
      return { session: called, result: await callOwn(called, method, params) };
    },
    'guest-clipboard-policy': ({ policy }) => {
      if (policy !== undefined) target.setPolicy(policy);
      const direction = Object.fromEntries(SELECTIONS.map((one) => [one, directionOf(target.rules(one))]));
      return { ...choice(), direction, privileged: access.privileged };
    },
  };

  async function callProgram(
    named: number | undefined,
    { method, params, timeoutMs }: ProgramCall,
    { signal }: CommandContext,
  ): Promise<AnswerObject> {
    checkMethod(method, sessionMethods());
    const plain = plainJson(params) as Readonly<Record<string, unknown>>;
    const problem = jsonProblem(plain, HOST_PARAMS_BYTES_MAX);
    if (problem !== undefined) throw new GuestAgentError('GenericError', `Parameter 'params' must ${problem}`);
    const session = access.reach(named);
    const returned = await target.call(session, { method, params: plain, timeoutMs }, signal);
    checkStillReached(session, method);
    return { session, result: RawJson.of(returned) };
  }

  /** It may have been locked since it was called. */
  function checkStillReached(session: number, method: string): void {
    try {
      access.reach(session);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      throw new RpcError(error.name, `${error.message} (${method} was called; what it returned is not handed on)`);
    }
  }

  async function callOwn(session: number, method: SessionCallMethod, params: JsonObject): Promise<AnswerObject> {
    switch (method) {
      case 'ping':
        onlyParameters(params, []);
        if (await target.ping(session, SESSION_PING_MS)) return {};
        throw new RpcError('timed-out', `session ${session} did not answer within ${SESSION_PING_MS} ms`);
      case 'selection.targets': {
        onlyParameters(params, ['selection']);
        const { owner, types } = access.targets({ session, selection: selectionOf(params) });
        return { owner, types };
      }
      default:
        return method satisfies never;
    }
  }
}

function describe({
  id,
  user,
  uid,
  display,
  eligible,
  logind,
  agent,
}: ReturnType<GuestAgentTarget['sessions']>[number]) {
  const { name, version } = agent;
  return {
    id,
    user,
    uid,
    display,
    eligible,
    locked: logind?.locked ?? null,
    active: logind?.active ?? null,
    agent: { name, version },
  };
}

function directionOf({ toHost, toSession }: CrossingRules): string {
  if (toHost.allowed) return toSession.allowed ? 'both' : 'guest-to-host';
  return toSession.allowed ? 'host-to-guest' : 'off';
}

interface ProgramCall {
  readonly method: string;
  readonly params: JsonObject;
  readonly timeoutMs: number;
}

/** @throws {GuestAgentError} where the host may not call it @throws {RpcError} `not-allowed` */
function checkMethod(method: string, allowed: readonly string[] | null): void {
  if (!METHOD_NAME.test(method)) throw dialectErrors.wrongValue('method', METHOD_NAME_WORDS);
  if (isReservedMethod(method)) {
    const own = `clipmux's own names are ${RESERVED_METHODS_WORDS}`;
    throw new GuestAgentError('GenericError', `there is no method ${method}: ${own}`);
  }
  if (allowed && !allowed.includes(method)) {
    throw new RpcError('not-allowed', `${method} may not be called: see guest-agent.session-methods`);
  }
}

function onlyParameters(params: JsonObject, known: readonly string[]): void {
  for (const name of params.keys()) {
    if (!known.includes(name)) throw new GuestAgentError('GenericError', `Parameter 'params.${name}' is unexpected`);
  }
}

function selectionOf(params: JsonObject): Selection {
  const name = params.get('selection') ?? 'clipboard';
  const selection = SELECTIONS.find((one) => one === name);
  if (selection) return selection;
  throw new GuestAgentError('GenericError', 'Parameter \'params.selection\' expects "clipboard" or "primary"');
}
