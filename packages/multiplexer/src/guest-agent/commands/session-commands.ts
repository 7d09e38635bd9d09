import { type AnswerObject, GuestAgentError, type JsonObject, type SessionCallMethod } from '@clipmux/guest-agent';
import { RpcError, SELECTIONS, type Selection } from '@clipmux/rpc';
import { SESSION_PING_MS } from '../limits.ts';
import type { CommandHandlers } from './answering.ts';
import type { ClipboardAccess, CrossingRules, GuestAgentTarget } from './clipboard-access.ts';

/** The commands that see, choose and call sessions. */
export function sessionCommands(
  target: GuestAgentTarget,
  access: ClipboardAccess,
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
    'guest-session-call': async ({ session, method, params }) => {
      const called = session ?? target.eligible.session;
      if (called === null) throw new RpcError('no-such-session', 'no session takes part now: name one');
      return { session: called, result: await call(called, method, params ?? new Map()) };
    },
    'guest-clipboard-policy': ({ policy }) => {
      if (policy !== undefined) target.setPolicy(policy);
      const direction = Object.fromEntries(SELECTIONS.map((one) => [one, directionOf(target.rules(one))]));
      return { ...choice(), direction, privileged: access.privileged };
    },
  };

  async function call(session: number, method: SessionCallMethod, params: JsonObject): Promise<AnswerObject> {
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
