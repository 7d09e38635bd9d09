import type { Policy } from './eligibility.ts';

/** `active`, `off` or `pinned:3`: as the configuration and clipmuxctl write it. */
export function formatPolicy(policy: Policy): string {
  return policy.kind === 'pinned' ? `pinned:${policy.session}` : policy.kind;
}

/** The policy that a text names; undefined if it names none. */
export function parsePolicy(text: string): Policy | undefined {
  if (text === 'active' || text === 'off') return { kind: text };
  const session = /^pinned:([1-9][0-9]{0,9})$/.exec(text)?.[1];
  return session === undefined ? undefined : { kind: 'pinned', session: Number(session) };
}
