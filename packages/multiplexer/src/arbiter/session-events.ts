import { failHostRequests, failSessionRequests } from './request-events.ts';
import { SELECTIONS, type Selection } from './selection.ts';
import { type Held, NEW_SESSION, type Offer, type SessionId } from './state.ts';
import type { Step } from './step.ts';

export function connect(step: Step, session: SessionId): void {
  step.setSession(session, NEW_SESSION);
}

export function disconnect(step: Step, session: SessionId): void {
  if (!step.hasSession(session)) return;
  if (step.eligible === session) changeEligible(step, null);
  for (const selection of SELECTIONS) step.ownedByProgram(session, selection, null);
  step.removeSession(session);
}

/**
 * Another session takes part, or none. What the session before had of the host's it gives up; what it offered is withdrawn;
 * what it or the host waits for is answered with nothing. A standing offer of the host wins over what the new session owns, except
 * for the copy that brought it in.
 */
export function changeEligible(step: Step, session: SessionId | null, copied?: Selection): void {
  const before = step.eligible;
  if (session === before || (session !== null && !step.hasSession(session))) return;
  step.setEligible(session);
  failHostRequests(step, 'ownership-ended', () => true);
  failSessionRequests(step, 'denied', (request) => request.session === before);
  for (const selection of SELECTIONS) {
    if (before !== null) step.takeFromSession(before, selection);
    const standing = step.hostOffer(selection);
    if (standing && selection !== copied) {
      step.setOwner(selection, { kind: 'host', types: standing });
      if (session !== null) step.giveToSession(session, selection, standing);
    } else reconsiderOffer(step, selection);
  }
}

/** A program in the session took the selection. */
export function sessionGrab(step: Step, session: SessionId, selection: Selection, offer: Offer, seen: number): void {
  const before = step.session(session, selection);
  // Told before the agent applied our last grab, which took the selection from that program again: the host wins.
  if (!before || seen < before.grabSerial) return;
  step.ownedByProgram(session, selection, offer);
  if (session === step.eligible) reconsiderOffer(step, selection);
}

/** No program in the session owns the selection any more, nor does the agent. */
export function sessionRelease(step: Step, session: SessionId, selection: Selection, seen: number): void {
  const before = step.session(session, selection);
  if (!before || seen < before.grabSerial) return;
  step.ownedByProgram(session, selection, null);
  if (session !== step.eligible) return;
  reconsiderOffer(step, selection);
  // What a program kept to itself is over: the host's offer stands. Where a program has emptied the selection of the host's own
  // content it stays empty, lest the two go on for ever.
  const standing = step.hostOffer(selection);
  if (before.offer && standing) step.giveToSession(session, selection, standing);
}

/** An administrator has set what the session's selection holds. */
export function hold(step: Step, session: SessionId, selection: Selection, held: Held): void {
  if (!step.hasSession(session)) {
    step.emit({ kind: 'drop-held', session, selection });
    return;
  }
  step.holdInSession(session, selection, held);
  if (session === step.eligible) reconsiderOffer(step, selection);
}

/** What the eligible session holds has changed: the host is offered it, or what it was offered before is withdrawn. */
export function reconsiderOffer(step: Step, selection: Selection): void {
  if (offerToHost(step, selection)) return;
  const { kind } = step.owner(selection);
  // The host's own standing offer is not touched by what a session keeps to itself.
  if (kind === 'session' || kind === 'held') withdraw(step, selection);
}

/**
 * Makes what the eligible session may offer the owner and tells the host, where it is there to be told.
 * Returns false where that session has nothing that the host may be offered.
 */
export function offerToHost(step: Step, selection: Selection): boolean {
  const session = step.eligible;
  if (session === null) return false;
  const types = step.shareable(session, selection);
  if (types.length === 0) return false;
  const kind = step.session(session, selection)?.held ? 'held' : 'session';
  const before = step.owner(selection);
  failHostRequests(
    step,
    'ownership-ended',
    (request) => request.selection === selection && (kind === 'held' || !types.includes(request.type)),
  );
  step.setOwner(selection, { kind, session, types });
  const host = step.hostFor(selection);
  if (host) {
    const regrab = before.kind === 'session' || before.kind === 'held';
    if (regrab && host.releaseBeforeRegrab) step.emit({ kind: 'release-to-host', selection });
    step.grabToHost(selection, types);
  }
  return true;
}

/** The guest does not offer what it offered: the host's open requests are answered with nothing, and it is told, if it knew. */
function withdraw(step: Step, selection: Selection): void {
  failHostRequests(step, 'ownership-ended', (request) => request.selection === selection);
  const standing = step.hostOffer(selection);
  if (standing) {
    step.setOwner(selection, { kind: 'host', types: standing });
    return;
  }
  step.clearOwner(selection);
  if (step.hostFor(selection)) step.emit({ kind: 'release-to-host', selection });
}
