import type { ArbiterEffect, ArbiterResult } from './events.ts';
import {
  type ArbiterState,
  type Host,
  type HostFeatures,
  type HostRequest,
  NOBODY,
  type Owner,
  type RequestId,
  type Selection,
  type SessionId,
  type SessionRequest,
  type SessionSelection,
} from './state.ts';

/**
 * One step of the arbiter under way: a draft of the next state and the effects gathered so far.
 * The state that the step began with is never touched: what changes is copied first.
 */
export class Step {
  private state: ArbiterState;
  private readonly effects: ArbiterEffect[] = [];

  constructor(state: ArbiterState) {
    this.state = state;
  }

  result(): ArbiterResult {
    return { state: this.state, effects: this.effects };
  }

  emit(effect: ArbiterEffect): void {
    this.effects.push(effect);
  }

  // --- the host

  get host(): Host {
    return this.state.host;
  }

  setHost(host: Host): void {
    this.state = { ...this.state, host };
  }

  setMaxClipboard(limit: number | null): void {
    const { host } = this.state;
    if (host.phase !== 'absent') this.setHost({ ...host, maxClipboard: limit });
  }

  /** The features of a host that may be offered this selection now; null while it is absent, settling or cannot tell the selection. */
  hostFor(selection: Selection): HostFeatures | null {
    const { host } = this.state;
    return host.phase === 'ready' && host.features.selections.includes(selection) ? host.features : null;
  }

  // --- the ledger

  owner(selection: Selection): Owner {
    return this.state.ledger[selection];
  }

  setOwner(selection: Selection, owner: Owner): void {
    if (owner.kind === 'nobody' && this.owner(selection).kind === 'nobody') return;
    this.state = { ...this.state, ledger: { ...this.state.ledger, [selection]: owner } };
    this.emit({ kind: 'owner-changed', selection, owner });
  }

  clearOwner(selection: Selection): void {
    this.setOwner(selection, NOBODY);
  }

  // --- sessions

  get eligible(): SessionId | null {
    return this.state.eligible;
  }

  setEligible(session: SessionId | null): void {
    this.state = { ...this.state, eligible: session };
  }

  hasSession(session: SessionId): boolean {
    return this.state.sessions.has(session);
  }

  sessionIds(): readonly SessionId[] {
    return [...this.state.sessions.keys()];
  }

  setSession(session: SessionId, selections: Readonly<Record<Selection, SessionSelection>>): void {
    this.state = { ...this.state, sessions: new Map(this.state.sessions).set(session, selections) };
  }

  removeSession(session: SessionId): void {
    const sessions = new Map(this.state.sessions);
    sessions.delete(session);
    this.state = { ...this.state, sessions };
  }

  /** The selection as the session has it; undefined for a session that is not connected. */
  session(session: SessionId, selection: Selection): SessionSelection | undefined {
    return this.state.sessions.get(session)?.[selection];
  }

  changeSession(session: SessionId, selection: Selection, change: Partial<SessionSelection>): void {
    const selections = this.state.sessions.get(session);
    if (!selections) return;
    this.setSession(session, { ...selections, [selection]: { ...selections[selection], ...change } });
  }

  /** Lets the session own the selection on the host's behalf. What its own programs offered is over by that. */
  giveToSession(session: SessionId, selection: Selection, types: readonly string[]): void {
    const before = this.session(session, selection);
    if (!before) return;
    const serial = before.serial + 1;
    this.changeSession(session, selection, { offer: null, given: true, serial, grabSerial: serial });
    this.emit({ kind: 'grab-to-session', session, selection, serial, types });
  }

  /** Makes the session give the selection up, if it owns it on the host's behalf. */
  takeFromSession(session: SessionId, selection: Selection): void {
    const before = this.session(session, selection);
    if (!before?.given) return;
    const serial = before.serial + 1;
    this.changeSession(session, selection, { given: false, serial });
    this.emit({ kind: 'release-to-session', session, selection, serial });
  }

  // --- requests

  get hostRequests(): ReadonlyMap<RequestId, HostRequest> {
    return this.state.hostRequests;
  }

  addHostRequest(id: RequestId, request: HostRequest): void {
    this.state = { ...this.state, hostRequests: new Map(this.state.hostRequests).set(id, request) };
  }

  /** Removes the request, so that nobody can answer it again; undefined where it was answered already. */
  takeHostRequest(id: RequestId): HostRequest | undefined {
    const request = this.state.hostRequests.get(id);
    if (!request) return undefined;
    const hostRequests = new Map(this.state.hostRequests);
    hostRequests.delete(id);
    this.state = { ...this.state, hostRequests };
    return request;
  }

  get sessionRequests(): ReadonlyMap<RequestId, SessionRequest> {
    return this.state.sessionRequests;
  }

  addSessionRequest(id: RequestId, request: SessionRequest): void {
    this.state = { ...this.state, sessionRequests: new Map(this.state.sessionRequests).set(id, request) };
  }

  /** Removes the request, so that nobody can answer it again; undefined where it was answered already. */
  takeSessionRequest(id: RequestId): SessionRequest | undefined {
    const request = this.state.sessionRequests.get(id);
    if (!request) return undefined;
    const sessionRequests = new Map(this.state.sessionRequests);
    sessionRequests.delete(id);
    this.state = { ...this.state, sessionRequests };
    return request;
  }
}
