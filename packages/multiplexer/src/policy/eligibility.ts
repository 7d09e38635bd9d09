import type { SessionId } from '../arbiter/index.ts';

/** Which session takes part, as the administrator wants it. */
export type Policy =
  /** The one that logind calls active. */
  | { readonly kind: 'active' }
  /** The one with this id, active or not, as long as it is connected and not locked. */
  | { readonly kind: 'pinned'; readonly session: SessionId }
  /** None. */
  | { readonly kind: 'off' };

/** A session with an agent, as the choice needs it. */
export interface Candidate {
  readonly id: SessionId;
  /** Its session in logind; null where logind knows none. */
  readonly logindId: string | null;
  /** The seat in logind; empty for none (VNC, xrdp, Xvfb). */
  readonly seat: string;
  /** logind's LockedHint. */
  readonly locked: boolean;
  /** When somebody last did something there, in ms: connected, or copied. */
  readonly lastActivity: number;
}

/** The session that logind calls active on the seat, if there is one. */
export interface SeatActive {
  readonly logindId: string;
  readonly class: string;
  readonly type: string;
}

/** Who takes part, and why: for the log and for `clipmuxctl status`. */
export interface Choice {
  readonly session: SessionId | null;
  readonly reason: ChoiceReason;
}

export type ChoiceReason =
  | 'policy-off'
  | 'pinned'
  | 'pinned-absent'
  | 'locked'
  | 'active-on-seat'
  | 'active-without-agent'
  | 'newest-without-seat'
  | 'newest'
  | 'logind-lost'
  | 'nobody';

/**
 * Chooses the session that may use the host's clipboard.
 *
 * Policy `active`: the session that is active on the seat, if it is a person's and graphical; a greeter or a text console does
 * not count. A session of type tty counts where an agent has connected from it: that is what startx makes. Else the sessions
 * without a seat, the one with the newest activity first. Without logind the newest of all. A locked session never takes part.
 */
export function choose(
  candidates: readonly Candidate[],
  policy: Policy,
  seatActive: SeatActive | null,
  logind: boolean,
): Choice {
  if (policy.kind === 'off') return { session: null, reason: 'policy-off' };
  if (policy.kind === 'pinned') {
    const pinned = candidates.find(({ id }) => id === policy.session);
    if (!pinned) return { session: null, reason: 'pinned-absent' };
    return pinned.locked ? { session: null, reason: 'locked' } : { session: pinned.id, reason: 'pinned' };
  }
  if (!logind) return newestOf(candidates, 'newest');
  const onSeat = seatActive && candidates.find(({ logindId }) => logindId === seatActive.logindId);
  if (seatActive && seatActive.class === 'user' && (onSeat || isGraphical(seatActive.type))) {
    if (!onSeat) return { session: null, reason: 'active-without-agent' };
    return onSeat.locked ? { session: null, reason: 'locked' } : { session: onSeat.id, reason: 'active-on-seat' };
  }
  return newestOf(
    candidates.filter(({ seat }) => seat === ''),
    'newest-without-seat',
  );
}

function isGraphical(type: string): boolean {
  return type === 'x11' || type === 'wayland';
}

function newestOf(candidates: readonly Candidate[], reason: ChoiceReason): Choice {
  const open = candidates.filter(({ locked }) => !locked);
  const [first, ...others] = open;
  if (!first) return { session: null, reason: candidates.length > 0 ? 'locked' : 'nobody' };
  const newest = others.reduce((best, one) => (isNewer(one, best) ? one : best), first);
  return { session: newest.id, reason };
}

/** Ids grow, so they decide between sessions of the same moment. */
function isNewer(one: Candidate, other: Candidate): boolean {
  return one.lastActivity > other.lastActivity || (one.lastActivity === other.lastActivity && one.id > other.id);
}
