import { NO_RULES, type Rules } from './rules.ts';
import type { Selection } from './selection.ts';

/** A session's id: given by clipmuxd when its agent connects, never used twice within a run. */
export type SessionId = number;

/** Names one request for content, in either direction, from the moment it is asked until it is answered. Never used twice. */
export type RequestId = number;

/** Who owns a selection, as the host and the active session are to see it. At most one owner at any time. */
export type Owner =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'host'; readonly types: readonly string[] }
  | { readonly kind: 'session'; readonly session: SessionId; readonly types: readonly string[] }
  /** Content that an administrator has set for the session and shares with the host. */
  | { readonly kind: 'held'; readonly session: SessionId; readonly types: readonly string[] };

/** What the arbiter must know of the host's end once the handshake is done. */
export interface HostFeatures {
  /** The selections that the host can tell apart; without the SELECTION capability this is `clipboard` alone. */
  readonly selections: readonly Selection[];
  /** True where a grab over one's own grab must be preceded by a release (the host lacks NO_RELEASE_ON_REGRAB). */
  readonly releaseBeforeRegrab: boolean;
}

/** The host's end: absent; settling (it may be about to repeat a standing offer, which then wins); or ready. */
export type Host =
  | { readonly phase: 'absent' }
  | { readonly phase: 'settling' | 'ready'; readonly features: HostFeatures; readonly maxClipboard: number | null };

/** What a program in a session offers. */
export interface Offer {
  readonly types: readonly string[];
  /** Its program marks it as a password. */
  readonly secret: boolean;
}

/** Content that an administrator has set for a session. The bytes are kept outside. */
export interface Held {
  readonly types: readonly string[];
  /** Whether the host is offered it too. */
  readonly share: boolean;
}

/** One selection of one session. */
export interface SessionSelection {
  /** What a program in the session offers, as its agent last told; null when none does. */
  readonly offer: Offer | null;
  /** What an administrator has set, while the agent owns the selection for it. */
  readonly held: Held | null;
  /** Whose content the agent owns the selection for; null while it does not own it. */
  readonly given: 'host' | 'held' | null;
  /** Serial of the last grab or release sent to the agent; 0 before the first. */
  readonly serial: number;
  /** Serial of the last grab sent to the agent; 0 before the first. What the agent tells with a lower `seen` crossed it. */
  readonly grabSerial: number;
}

/** A request of the host that waits for a session's answer. */
export interface HostRequest {
  readonly session: SessionId;
  readonly selection: Selection;
  readonly type: string;
}

/** A request of a session that waits for the host's answer. */
export interface SessionRequest {
  readonly session: SessionId;
  readonly selection: Selection;
  readonly type: string;
}

/** All that the arbiter knows. Immutable: every step makes a new one. */
export interface ArbiterState {
  readonly rules: Rules;
  readonly host: Host;
  /** The one session that takes part now: chosen by policy and not locked. */
  readonly eligible: SessionId | null;
  readonly sessions: ReadonlyMap<SessionId, Readonly<Record<Selection, SessionSelection>>>;
  readonly ledger: Readonly<Record<Selection, Owner>>;
  /** What the host offers, as MIME types, from its grab until its release or until it is told that the guest owns the selection. */
  readonly hostOffers: Readonly<Record<Selection, readonly string[] | null>>;
  readonly hostRequests: ReadonlyMap<RequestId, HostRequest>;
  readonly sessionRequests: ReadonlyMap<RequestId, SessionRequest>;
}

export const NOBODY: Owner = { kind: 'nobody' };

const UNTOUCHED: SessionSelection = { offer: null, held: null, given: null, serial: 0, grabSerial: 0 };

/** A session as it is when its agent has just connected: it offers nothing and was given nothing. */
export const NEW_SESSION: Readonly<Record<Selection, SessionSelection>> = { clipboard: UNTOUCHED, primary: UNTOUCHED };

/** The arbiter at the start of clipmuxd: no host, no sessions, nobody owns anything. */
export const INITIAL_STATE: ArbiterState = {
  rules: NO_RULES,
  host: { phase: 'absent' },
  eligible: null,
  sessions: new Map(),
  ledger: { clipboard: NOBODY, primary: NOBODY },
  hostOffers: { clipboard: null, primary: null },
  hostRequests: new Map(),
  sessionRequests: new Map(),
};
