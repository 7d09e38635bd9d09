import type { WireAgent } from './wire-agent.ts';

/** One who logs in and out, locks, and has an agent or not. */
export interface Login {
  readonly id: string;
  readonly seat: string;
  readonly uid: number;
  locked: boolean;
  there: boolean;
  agent: WireAgent | null;
  /** Counts up with every copy and connection; the greatest is the newest. */
  activity: number;
}

/** As clipmuxctl sets it. */
export type PolicyOfTest = 'active' | 'off' | { readonly pinned: number };

/**
 * Who should take part, as the design says: written anew here, so that clipmuxd is not compared with itself.
 *
 * @param active the login at the seat, which may have no agent
 */
export function expectedToTakePart(logins: readonly Login[], policy: PolicyOfTest, active: Login | null): Login | null {
  const open = logins.filter(({ agent, locked }) => agent && !locked);
  if (policy === 'off') return null;
  if (policy !== 'active') return open.find(({ agent }) => agent?.id === policy.pinned) ?? null;
  if (active) return open.includes(active) ? active : null;
  return open.filter(({ seat }) => seat === '').sort((a, b) => b.activity - a.activity)[0] ?? null;
}
