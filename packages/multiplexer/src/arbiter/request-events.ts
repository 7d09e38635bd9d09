import type { EmptyReason, Refusal } from './events.ts';
import { permitted } from './rules.ts';
import type { Selection } from './selection.ts';
import type { HostRequest, RequestId, SessionId, SessionRequest } from './state.ts';
import type { Step } from './step.ts';

/** The host asks for what the guest owns. Only the eligible session is ever asked. */
export function requestFromHost(step: Step, request: RequestId, selection: Selection, type: string): void {
  const owner = step.owner(selection);
  if (step.host.phase === 'absent') return;
  if (owner.kind === 'nobody' || owner.kind === 'host') {
    step.emit({ kind: 'empty-to-host', request, reason: 'no-owner' });
    return;
  }
  if (!owner.types.includes(type)) {
    step.emit({ kind: 'empty-to-host', request, reason: 'type-unavailable' });
    return;
  }
  if (owner.kind === 'held') {
    step.emit({ kind: 'held-to-host', request, session: owner.session, selection, type });
    return;
  }
  step.addHostRequest(request, { session: owner.session, selection, type });
  step.emit({ kind: 'request-to-session', request, session: owner.session, selection, type });
}

/** A session asks for what its agent owns for somebody else. What the host owns is for the eligible session alone. */
export function requestFromSession(
  step: Step,
  request: RequestId,
  session: SessionId,
  selection: Selection,
  type: string,
): void {
  const held = step.session(session, selection)?.held;
  if (held?.types.includes(type)) {
    step.emit({ kind: 'held-to-session', request, session, selection, type });
    return;
  }
  const refusal = held ? 'type-unavailable' : refusalFor(step, session, selection, type);
  if (refusal) {
    step.emit({ kind: 'refuse-session', request, refusal });
    return;
  }
  step.addSessionRequest(request, { session, selection, type });
  step.emit({ kind: 'request-to-host', request, selection, type });
}

function refusalFor(step: Step, session: SessionId, selection: Selection, type: string): Refusal | null {
  if (session !== step.eligible) return 'denied';
  const owner = step.owner(selection);
  if (owner.kind !== 'host') return 'no-owner';
  const rule = step.rules.toSession[selection];
  if (!rule.allowed) return 'denied';
  return permitted(rule, owner.types).includes(type) ? null : 'type-unavailable';
}

/** The session has what the host asked for: it goes to the host, unless it is more than the host takes. */
export function answerRequest(step: Step, id: RequestId, size: number): void {
  const request = step.takeHostRequest(id);
  if (!request) return;
  const { host } = step;
  const hostLimit = host.phase === 'absent' ? null : host.maxClipboard;
  if (size <= Math.min(hostLimit ?? Number.POSITIVE_INFINITY, step.rules.maxBytesToHost)) {
    step.emit({ kind: 'data-to-host', request: id });
    return;
  }
  step.emit({ kind: 'cancel-to-session', request: id });
  step.emit({ kind: 'empty-to-host', request: id, reason: 'too-large' });
}

/** The session cannot serve the host's request, took too long, or is not to be asked any more. */
export function failHostRequest(step: Step, id: RequestId, reason: EmptyReason): void {
  if (!step.takeHostRequest(id)) return;
  step.emit({ kind: 'cancel-to-session', request: id });
  step.emit({ kind: 'empty-to-host', request: id, reason });
}

/** Answers with nothing every request of the host that matches, and lets the sessions off. */
export function failHostRequests(step: Step, reason: EmptyReason, matches: (request: HostRequest) => boolean): void {
  for (const [id, request] of step.hostRequests) if (matches(request)) failHostRequest(step, id, reason);
}

/** The host that asked is gone: nobody waits for these answers any more. */
export function abandonHostRequests(step: Step): void {
  for (const id of step.hostRequests.keys()) {
    step.takeHostRequest(id);
    step.emit({ kind: 'cancel-to-session', request: id });
  }
}

export function failSessionRequest(step: Step, id: RequestId, refusal: Refusal): void {
  if (step.takeSessionRequest(id)) step.emit({ kind: 'refuse-session', request: id, refusal });
}

export function failSessionRequests(step: Step, refusal: Refusal, matches: (request: SessionRequest) => boolean): void {
  for (const [id, request] of step.sessionRequests) if (matches(request)) failSessionRequest(step, id, refusal);
}
