import type { Refusal } from './events.ts';
import type { HostRequest, RequestId, Selection, SessionId, SessionRequest } from './state.ts';
import type { Step } from './step.ts';

/** The host asks for what the guest owns. Only the eligible session is ever asked. */
export function requestFromHost(step: Step, request: RequestId, selection: Selection, type: string): void {
  const owner = step.owner(selection);
  if (step.host.phase === 'absent') return;
  if (owner.kind !== 'session' || !owner.types.includes(type)) {
    step.emit({ kind: 'empty-to-host', request });
    return;
  }
  step.addHostRequest(request, { session: owner.session, selection, type });
  step.emit({ kind: 'request-to-session', request, session: owner.session, selection, type });
}

/** A session asks for what the host owns. Only the eligible session is served. */
export function requestFromSession(
  step: Step,
  request: RequestId,
  session: SessionId,
  selection: Selection,
  type: string,
): void {
  const refusal = refusalFor(step, session, selection, type);
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
  return owner.types.includes(type) ? null : 'type-unavailable';
}

/** The session has what the host asked for: it goes to the host, unless it is more than the host takes. */
export function answerRequest(step: Step, id: RequestId, size: number): void {
  const request = step.takeHostRequest(id);
  if (!request) return;
  const { host } = step;
  const tooLarge = host.phase !== 'absent' && host.maxClipboard !== null && size > host.maxClipboard;
  if (!tooLarge) {
    step.emit({ kind: 'data-to-host', request: id });
    return;
  }
  step.emit({ kind: 'cancel-to-session', request: id });
  step.emit({ kind: 'empty-to-host', request: id });
}

/** The session cannot serve the host's request, or took too long. */
export function failHostRequest(step: Step, id: RequestId): void {
  if (!step.takeHostRequest(id)) return;
  step.emit({ kind: 'cancel-to-session', request: id });
  step.emit({ kind: 'empty-to-host', request: id });
}

/** Answers with nothing every request of the host that matches, and lets the sessions off. */
export function failHostRequests(step: Step, matches: (request: HostRequest) => boolean): void {
  for (const [id, request] of step.hostRequests) if (matches(request)) failHostRequest(step, id);
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
