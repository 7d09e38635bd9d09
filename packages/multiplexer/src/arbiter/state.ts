/** The two selections that cross to the host. X11's SECONDARY is not used by programs of today. */
export const SELECTIONS = ['clipboard', 'primary'] as const;
export type Selection = (typeof SELECTIONS)[number];

/** A session's id: given by clipmuxd when its agent connects, never used twice within a run. */
export type SessionId = number;

/** Names one request for content, in either direction, from the moment it is asked until it is answered. Never used twice. */
export type RequestId = number;

/** Who owns a selection, as the host and the active session are to see it. At most one owner at any time. */
export type Owner =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'host'; readonly types: readonly string[] }
  | { readonly kind: 'session'; readonly session: SessionId; readonly types: readonly string[] };

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

/** One selection of one session. */
export interface SessionSelection {
  /** What a program in the session offers, as its agent last told; null when none does. */
  readonly offer: readonly string[] | null;
  /** True while the agent owns the selection on the host's behalf. */
  readonly given: boolean;
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
  readonly host: Host;
  /** The one session that takes part now: chosen by policy and not locked. */
  readonly eligible: SessionId | null;
  readonly sessions: ReadonlyMap<SessionId, Readonly<Record<Selection, SessionSelection>>>;
  readonly ledger: Readonly<Record<Selection, Owner>>;
  readonly hostRequests: ReadonlyMap<RequestId, HostRequest>;
  readonly sessionRequests: ReadonlyMap<RequestId, SessionRequest>;
}

export const NOBODY: Owner = { kind: 'nobody' };

const UNTOUCHED: SessionSelection = { offer: null, given: false, serial: 0, grabSerial: 0 };

/** A session as it is when its agent has just connected: it offers nothing and was given nothing. */
export const NEW_SESSION: Readonly<Record<Selection, SessionSelection>> = { clipboard: UNTOUCHED, primary: UNTOUCHED };

/** The arbiter at the start of clipmuxd: no host, no sessions, nobody owns anything. */
export const INITIAL_STATE: ArbiterState = {
  host: { phase: 'absent' },
  eligible: null,
  sessions: new Map(),
  ledger: { clipboard: NOBODY, primary: NOBODY },
  hostRequests: new Map(),
  sessionRequests: new Map(),
};
