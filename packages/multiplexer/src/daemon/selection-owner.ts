import type { SelectionContent } from '@clipmux/rpc';
import { type DirectionRule, type Owner, permitted, type SessionSelection } from '../arbiter/index.ts';

/**
 * Who owns a session's selection, as an administrator is told it, and with which types. Pure.
 * @param selection as the session has it
 * @param ledger who owns the selection that host and guest share
 * @param toSession what of the host's may come to sessions
 */
export function selectionOwner(
  { offer, held, given }: SessionSelection,
  ledger: Owner,
  toSession: DirectionRule,
): Pick<SelectionContent, 'owner' | 'types'> {
  // One without types is a selection that was cleared: whatever the host offers, the session has nothing of it.
  if (held) return held.types.length > 0 ? { owner: 'held', types: [...held.types] } : NOTHING;
  if (offer) return { owner: 'program', types: [...offer.types] };
  if (given === 'host' && ledger.kind === 'host') {
    return { owner: 'host', types: [...permitted(toSession, ledger.types)] };
  }
  return NOTHING;
}

const NOTHING: Pick<SelectionContent, 'owner' | 'types'> = { owner: 'nobody', types: [] };
