import type { ArbiterEffect, ArbiterResult } from './events.ts';
import { permitted, type Rules } from './rules.ts';
import { type Selection, withSelection } from './selection.ts';
import {
  type ArbiterState,
  type Held,
  type Host,
  type HostFeatures,
  type HostRequest,
  NOBODY,
  type Offer,
  type Owner,
  type RequestId,
  type SessionId,
  type SessionRequest,
  type SessionSelection,
} from './state.ts';

/**
 * One step of the arbiter under way: a draft of the next state and the effects gathered so far.
 * The state that the step began with is never touched: what changes is copied first.
 */
export class Step {
  // A field for each of the state's: to set one costs nothing, to spread the state over a new one each time would.
  #rules: Rules;
  #host: Host;
  #eligible: SessionId | null;
  #sessions: ArbiterState['sessions'];
  #ledger: ArbiterState['ledger'];
  #hostOffers: ArbiterState['hostOffers'];
  #hostRequests: ArbiterState['hostRequests'];
  #sessionRequests: ArbiterState['sessionRequests'];
  readonly #effects: ArbiterEffect[] = [];

  constructor(state: ArbiterState) {
    this.#rules = state.rules;
    this.#host = state.host;
    this.#eligible = state.eligible;
    this.#sessions = state.sessions;
    this.#ledger = state.ledger;
    this.#hostOffers = state.hostOffers;
    this.#hostRequests = state.hostRequests;
    this.#sessionRequests = state.sessionRequests;
  }

  result(): ArbiterResult {
    const state: ArbiterState = {
      rules: this.#rules,
      host: this.#host,
      eligible: this.#eligible,
      sessions: this.#sessions,
      ledger: this.#ledger,
      hostOffers: this.#hostOffers,
      hostRequests: this.#hostRequests,
      sessionRequests: this.#sessionRequests,
    };
    return { state, effects: this.#effects };
  }

  emit(effect: ArbiterEffect): void {
    this.#effects.push(effect);
  }

  // --- the host

  get host(): Host {
    return this.#host;
  }

  setHost(host: Host): void {
    this.#host = host;
  }

  setMaxClipboard(limit: number | null): void {
    const host = this.#host;
    if (host.phase !== 'absent') this.setHost({ ...host, maxClipboard: limit });
  }

  /** The features of a host that may be offered this selection now; null while it is absent, settling or cannot tell the selection. */
  hostFor(selection: Selection): HostFeatures | null {
    const host = this.#host;
    return host.phase === 'ready' && host.features.selections.includes(selection) ? host.features : null;
  }

  // --- the rules

  get rules(): Rules {
    return this.#rules;
  }

  setRules(rules: Rules): void {
    this.#rules = rules;
  }

  /** What the host offers and was not told to have lost. */
  hostOffer(selection: Selection): readonly string[] | null {
    return this.#hostOffers[selection];
  }

  setHostOffer(selection: Selection, types: readonly string[] | null): void {
    this.#hostOffers = withSelection(this.#hostOffers, selection, types);
  }

  /** Tells the host that the guest owns the selection: its own offer is over by that. */
  grabToHost(selection: Selection, types: readonly string[]): void {
    this.setHostOffer(selection, null);
    this.emit({ kind: 'grab-to-host', selection, types });
  }

  // --- the ledger

  owner(selection: Selection): Owner {
    return this.#ledger[selection];
  }

  setOwner(selection: Selection, owner: Owner): void {
    if (owner.kind === 'nobody' && this.owner(selection).kind === 'nobody') return;
    this.#ledger = withSelection(this.#ledger, selection, owner);
    this.emit({ kind: 'owner-changed', selection, owner });
  }

  clearOwner(selection: Selection): void {
    this.setOwner(selection, NOBODY);
  }

  // --- sessions

  get eligible(): SessionId | null {
    return this.#eligible;
  }

  setEligible(session: SessionId | null): void {
    this.#eligible = session;
  }

  hasSession(session: SessionId): boolean {
    return this.#sessions.has(session);
  }

  sessionIds(): readonly SessionId[] {
    return [...this.#sessions.keys()];
  }

  setSession(session: SessionId, selections: Readonly<Record<Selection, SessionSelection>>): void {
    this.#sessions = new Map(this.#sessions).set(session, selections);
  }

  removeSession(session: SessionId): void {
    const sessions = new Map(this.#sessions);
    sessions.delete(session);
    this.#sessions = sessions;
  }

  /** The selection as the session has it; undefined for a session that is not connected. */
  session(session: SessionId, selection: Selection): SessionSelection | undefined {
    return this.#sessions.get(session)?.[selection];
  }

  changeSession(session: SessionId, selection: Selection, change: Partial<SessionSelection>): void {
    const selections = this.#sessions.get(session);
    if (!selections) return;
    this.setSession(session, withSelection(selections, selection, changed(selections[selection], change)));
  }

  /** Lets the session own the selection for somebody else. What its own programs offered is over by that. */
  private grabInSession(
    session: SessionId,
    selection: Selection,
    types: readonly string[],
    change: Pick<SessionSelection, 'given' | 'held'>,
  ): void {
    const before = this.session(session, selection);
    if (!before) return;
    if (before.held) this.emit({ kind: 'drop-held', session, selection });
    const serial = before.serial + 1;
    const { given, held } = change;
    this.changeSession(session, selection, { given, held, offer: null, serial, grabSerial: serial });
    this.emit({ kind: 'grab-to-session', session, selection, serial, types });
  }

  /**
   * Gives the session what the host offers, as far as it is permitted: perhaps no type, which empties the selection. Where the
   * direction is off the selection is left alone, except that older content of the host's is taken away.
   */
  giveToSession(session: SessionId, selection: Selection, types: readonly string[]): void {
    const rule = this.rules.toSession[selection];
    if (!rule.allowed) this.takeFromSession(session, selection);
    else this.grabInSession(session, selection, permitted(rule, types), { given: 'host', held: null });
  }

  /** Lets the session own what an administrator has set. The bytes are there already: what was held before is replaced. */
  holdInSession(session: SessionId, selection: Selection, held: Held): void {
    const before = this.session(session, selection);
    if (before?.held) this.changeSession(session, selection, { held: null });
    this.grabInSession(session, selection, held.types, { given: 'held', held });
  }

  /** Makes the session give the selection up, if it owns it on the host's behalf. */
  takeFromSession(session: SessionId, selection: Selection): void {
    const before = this.session(session, selection);
    if (before?.given !== 'host') return;
    const serial = before.serial + 1;
    this.changeSession(session, selection, { given: null, serial });
    this.emit({ kind: 'release-to-session', session, selection, serial });
  }

  /** A program in the session, or nobody, owns the selection now. */
  ownedByProgram(session: SessionId, selection: Selection, offer: Offer | null): void {
    if (this.session(session, selection)?.held) this.emit({ kind: 'drop-held', session, selection });
    this.changeSession(session, selection, { offer, given: null, held: null });
  }

  /** What the session's selection holds that the host may be offered; none where it is private. */
  shareable(session: SessionId, selection: Selection): readonly string[] {
    const { offer, held } = this.session(session, selection) ?? {};
    const rule = this.rules.toHost[selection];
    if (held) return held.share ? permitted(rule, held.types) : [];
    if (!offer || (offer.secret && this.rules.withholdSecrets)) return [];
    return permitted(rule, offer.types);
  }

  // --- requests

  get hostRequests(): ReadonlyMap<RequestId, HostRequest> {
    return this.#hostRequests;
  }

  addHostRequest(id: RequestId, request: HostRequest): void {
    this.#hostRequests = new Map(this.#hostRequests).set(id, request);
  }

  /** Removes the request, so that nobody can answer it again; undefined where it was answered already. */
  takeHostRequest(id: RequestId): HostRequest | undefined {
    const request = this.#hostRequests.get(id);
    if (!request) return undefined;
    const hostRequests = new Map(this.#hostRequests);
    hostRequests.delete(id);
    this.#hostRequests = hostRequests;
    return request;
  }

  get sessionRequests(): ReadonlyMap<RequestId, SessionRequest> {
    return this.#sessionRequests;
  }

  addSessionRequest(id: RequestId, request: SessionRequest): void {
    this.#sessionRequests = new Map(this.#sessionRequests).set(id, request);
  }

  /** Removes the request, so that nobody can answer it again; undefined where it was answered already. */
  takeSessionRequest(id: RequestId): SessionRequest | undefined {
    const request = this.#sessionRequests.get(id);
    if (!request) return undefined;
    const sessionRequests = new Map(this.#sessionRequests);
    sessionRequests.delete(id);
    this.#sessionRequests = sessionRequests;
    return request;
  }
}

/** Field by field, for the same reason as `withSelection`. */
function changed(before: SessionSelection, change: Partial<SessionSelection>): SessionSelection {
  const { offer = before.offer, held = before.held, given = before.given } = change;
  const { serial = before.serial, grabSerial = before.grabSerial } = change;
  return { offer, held, given, serial, grabSerial };
}
