import type { Rules } from './rules.ts';
import type { Selection } from './selection.ts';
import type { ArbiterState, HostFeatures, Owner, RequestId, SessionId } from './state.ts';

/** Why a session's request for the host's content was not served. The names are those of the session wire's errors. */
export type Refusal =
  | 'no-owner'
  | 'type-unavailable'
  | 'denied'
  | 'timed-out'
  | 'too-large'
  | 'cancelled'
  | 'owner-died'
  | 'owner-refused';

/** What happened outside. One event goes in at a time. */
export type ArbiterEvent =
  /** The handshake is done, or a new client announced itself on a port that stayed open: what an old client owned is over. */
  | { readonly kind: 'host-attached'; readonly features: HostFeatures }
  /** The time in which a host repeats its standing offers has passed. */
  | { readonly kind: 'host-settled' }
  /** The port closed. */
  | { readonly kind: 'host-detached' }
  /** The client is gone, the port stays open (CLIENT_DISCONNECTED). */
  | { readonly kind: 'client-disconnected' }
  /** The host owns the selection. `types` are those that we can serve; it may be empty. */
  | { readonly kind: 'host-grab'; readonly selection: Selection; readonly types: readonly string[] }
  | { readonly kind: 'host-release'; readonly selection: Selection }
  /** The host takes no more than `limit` bytes; null: any number. */
  | { readonly kind: 'host-max-clipboard'; readonly limit: number | null }
  | { readonly kind: 'host-request'; readonly request: RequestId; readonly selection: Selection; readonly type: string }
  /** The administrator allows something else from now on. */
  | { readonly kind: 'rules-changed'; readonly rules: Rules }
  /** The host's content has been kept for as long as it may be. */
  | { readonly kind: 'host-content-expired'; readonly selection: Selection }
  /** An administrator sets what a session's selection holds; no types: it holds nothing. */
  | {
      readonly kind: 'hold';
      readonly session: SessionId;
      readonly selection: Selection;
      readonly types: readonly string[];
      readonly share: boolean;
    }
  | { readonly kind: 'session-connected'; readonly session: SessionId }
  | { readonly kind: 'session-disconnected'; readonly session: SessionId }
  /**
   * Policy, logind or a lock decided who takes part. `copied` is set where a copy on that selection was what brought the session in:
   * there the copy wins over a standing offer of the host.
   */
  | { readonly kind: 'eligible-changed'; readonly session: SessionId | null; readonly copied?: Selection }
  /** A program in the session owns the selection. `seen`: the serial of the last grab of ours that the agent had applied. */
  | {
      readonly kind: 'session-grab';
      readonly session: SessionId;
      readonly selection: Selection;
      readonly types: readonly string[];
      readonly secret: boolean;
      readonly seen: number;
    }
  | {
      readonly kind: 'session-release';
      readonly session: SessionId;
      readonly selection: Selection;
      readonly seen: number;
    }
  | {
      readonly kind: 'session-request';
      readonly request: RequestId;
      readonly session: SessionId;
      readonly selection: Selection;
      readonly type: string;
    }
  /** The agent no longer wants what it asked for. */
  | { readonly kind: 'session-request-cancelled'; readonly request: RequestId }
  /** The agent has the content for a host's request and says how large it is. */
  | { readonly kind: 'session-answered'; readonly request: RequestId; readonly size: number }
  /** The agent cannot serve a host's request, has more than may be asked for, or did not answer in time. */
  | { readonly kind: 'session-failed'; readonly request: RequestId; readonly reason: SessionFailure }
  /** The host's answer to a session's request begins to arrive. */
  | { readonly kind: 'host-answered'; readonly request: RequestId }
  /** The host answered with nothing, or did not answer in time. */
  | { readonly kind: 'host-failed'; readonly request: RequestId; readonly refusal: Refusal };

/** Why a request of the host's is answered with nothing. */
export type EmptyReason = 'no-owner' | 'type-unavailable' | 'ownership-ended' | SessionFailure;

/** Why a session that was asked does not serve the host. */
export type SessionFailure = 'owner-failed' | 'too-large' | 'timed-out';

/** What is to be done outside. The order counts. */
export type ArbiterEffect =
  | { readonly kind: 'grab-to-host'; readonly selection: Selection; readonly types: readonly string[] }
  | { readonly kind: 'release-to-host'; readonly selection: Selection }
  | {
      readonly kind: 'request-to-host';
      readonly request: RequestId;
      readonly selection: Selection;
      readonly type: string;
    }
  /** Answers a host's request with nothing: its only answer. */
  | { readonly kind: 'empty-to-host'; readonly request: RequestId; readonly reason: EmptyReason }
  /** Answers a host's request with what the session is about to send: its only answer. */
  | { readonly kind: 'data-to-host'; readonly request: RequestId }
  /** Answers a host's request with held content: its only answer. */
  | {
      readonly kind: 'held-to-host';
      readonly request: RequestId;
      readonly session: SessionId;
      readonly selection: Selection;
      readonly type: string;
    }
  | {
      readonly kind: 'grab-to-session';
      readonly session: SessionId;
      readonly selection: Selection;
      readonly serial: number;
      readonly types: readonly string[];
    }
  | {
      readonly kind: 'release-to-session';
      readonly session: SessionId;
      readonly selection: Selection;
      readonly serial: number;
    }
  | {
      readonly kind: 'request-to-session';
      readonly request: RequestId;
      readonly session: SessionId;
      readonly selection: Selection;
      readonly type: string;
    }
  /** The session need not answer any more. */
  | { readonly kind: 'cancel-to-session'; readonly request: RequestId }
  /** Answers a session's request with an error: its only answer. What the host may still send for it is discarded. */
  | { readonly kind: 'refuse-session'; readonly request: RequestId; readonly refusal: Refusal }
  /** Answers a session's request with what arrives from the host: its only answer. */
  | { readonly kind: 'data-to-session'; readonly request: RequestId }
  /** Answers a session's request with held content: its only answer. */
  | {
      readonly kind: 'held-to-session';
      readonly request: RequestId;
      readonly session: SessionId;
      readonly selection: Selection;
      readonly type: string;
    }
  /** Nobody can ask for this held content any more: the bytes can go. */
  | { readonly kind: 'drop-held'; readonly session: SessionId; readonly selection: Selection }
  /** For those who watch: the ledger has changed. */
  | { readonly kind: 'owner-changed'; readonly selection: Selection; readonly owner: Owner };

/** A step's outcome: the new state, and what is to be done, in order. */
export interface ArbiterResult {
  readonly state: ArbiterState;
  readonly effects: readonly ArbiterEffect[];
}
