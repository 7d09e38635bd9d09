import { failHostRequests, failSessionRequests } from './request-events.ts';
import { NEW_SESSION, SELECTIONS, type Selection, type SessionId } from './state.ts';
import type { Step } from './step.ts';

export function connect(step: Step, session: SessionId): void {
  step.setSession(session, NEW_SESSION);
}

export function disconnect(step: Step, session: SessionId): void {
  if (!step.hasSession(session)) return;
  if (step.eligible === session) changeEligible(step, null);
  step.removeSession(session);
}

/**
 * Another session takes part, or none. What the session before had of the host's it gives up; what it offered is withdrawn;
 * what it or the host waits for is answered with nothing. A standing offer of the host wins over what the new session owns.
 */
export function changeEligible(step: Step, session: SessionId | null): void {
  const before = step.eligible;
  if (session === before || (session !== null && !step.hasSession(session))) return;
  step.setEligible(session);
  failHostRequests(step, () => true);
  failSessionRequests(step, 'denied', (request) => request.session === before);
  for (const selection of SELECTIONS) {
    if (before !== null) step.takeFromSession(before, selection);
    const owner = step.owner(selection);
    if (owner.kind === 'host') {
      if (session !== null) step.giveToSession(session, selection, owner.types);
    } else if (!offerToHost(step, selection) && owner.kind === 'session') {
      withdraw(step, selection);
    }
  }
}

/** A program in the session took the selection. */
export function sessionGrab(
  step: Step,
  session: SessionId,
  selection: Selection,
  types: readonly string[],
  seen: number,
): void {
  const before = step.session(session, selection);
  // Told before the agent applied our last grab, which took the selection from that program again: the host wins.
  if (!before || seen < before.grabSerial) return;
  step.changeSession(session, selection, { offer: types, given: false });
  if (session === step.eligible) offerToHost(step, selection);
}

/** No program in the session owns the selection any more, nor does the agent. */
export function sessionRelease(step: Step, session: SessionId, selection: Selection, seen: number): void {
  const before = step.session(session, selection);
  if (!before || seen < before.grabSerial) return;
  step.changeSession(session, selection, { offer: null, given: false });
  const owner = step.owner(selection);
  if (owner.kind === 'session' && owner.session === session) withdraw(step, selection);
}

/**
 * Makes the eligible session's offer the owner and tells the host, where it is there to be told.
 * Returns false where that session offers nothing.
 */
export function offerToHost(step: Step, selection: Selection): boolean {
  const session = step.eligible;
  const types = session === null ? null : step.session(session, selection)?.offer;
  if (session === null || !types) return false;
  const before = step.owner(selection);
  failHostRequests(step, (request) => request.selection === selection && !types.includes(request.type));
  step.setOwner(selection, { kind: 'session', session, types });
  const host = step.hostFor(selection);
  if (host) {
    if (before.kind === 'session' && host.releaseBeforeRegrab) step.emit({ kind: 'release-to-host', selection });
    step.emit({ kind: 'grab-to-host', selection, types });
  }
  return true;
}

/** Nobody owns what the guest owned: the host is told, its open requests are answered with nothing. */
function withdraw(step: Step, selection: Selection): void {
  failHostRequests(step, (request) => request.selection === selection);
  step.clearOwner(selection);
  if (step.hostFor(selection)) step.emit({ kind: 'release-to-host', selection });
}
