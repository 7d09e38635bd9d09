import { abandonHostRequests, failHostRequests, failSessionRequests } from './request-events.ts';
import { SELECTIONS, type Selection } from './selection.ts';
import { offerToHost } from './session-events.ts';
import type { HostFeatures } from './state.ts';
import type { Step } from './step.ts';

/** What the old client owned is over, its questions too. The new one may be about to repeat a standing offer: until it has settled, we offer nothing. */
export function attach(step: Step, features: HostFeatures): void {
  step.setHost({ phase: 'settling', features, maxClipboard: null });
  endHostOwnership(step);
  abandonHostRequests(step);
}

/** The host had its time to repeat what it owns: now what the guest owns is offered to it. */
export function settleHost(step: Step): void {
  if (step.host.phase !== 'settling') return;
  step.setHost({ ...step.host, phase: 'ready' });
  for (const selection of SELECTIONS) {
    const owner = step.owner(selection);
    const known = owner.kind === 'session' || owner.kind === 'held';
    if (known && step.hostFor(selection)) step.grabToHost(selection, owner.types);
    else if (owner.kind === 'nobody') offerToHost(step, selection);
  }
}

export function detach(step: Step): void {
  step.setHost({ phase: 'absent' });
  endHostOwnership(step);
  abandonHostRequests(step);
}

/** The port stays open without a client. What the guest owns is kept for the next one, whose announcement comes first. */
export function clientDisconnected(step: Step): void {
  if (step.host.phase === 'ready') step.setHost({ ...step.host, phase: 'settling' });
  endHostOwnership(step);
  abandonHostRequests(step);
}

/**
 * The host owns the selection: whatever the guest owned there is over. An offer of types that we cannot serve, `types` empty,
 * still empties the session's selection: the old content must not be pasted as the new.
 */
export function hostGrab(step: Step, selection: Selection, types: readonly string[]): void {
  if (step.host.phase === 'absent' || !step.host.features.selections.includes(selection)) return;
  step.setHostOffer(selection, types);
  step.setOwner(selection, { kind: 'host', types });
  failHostRequests(step, 'ownership-ended', (request) => request.selection === selection);
  if (step.eligible !== null) step.giveToSession(step.eligible, selection, types);
}

export function hostRelease(step: Step, selection: Selection): void {
  step.setHostOffer(selection, null);
  // A release that crossed a grab of the guest's says nothing of that grab.
  if (step.owner(selection).kind !== 'host') return;
  step.clearOwner(selection);
  failSessionRequests(step, 'owner-died', (request) => request.selection === selection);
  for (const session of step.sessionIds()) step.takeFromSession(session, selection);
  // What a program of the session owns privately or without the host's knowledge can be offered again.
  offerToHost(step, selection);
}

function endHostOwnership(step: Step): void {
  for (const selection of SELECTIONS) hostRelease(step, selection);
  failSessionRequests(step, 'owner-died', () => true);
}
