import type { ArbiterEvent, ArbiterResult } from './events.ts';
import { attach, clientDisconnected, detach, hostGrab, hostRelease, settleHost } from './host-events.ts';
import {
  answerRequest,
  failHostRequest,
  failSessionRequest,
  requestFromHost,
  requestFromSession,
} from './request-events.ts';
import { changeRules } from './rules-events.ts';
import { changeEligible, connect, disconnect, hold, sessionGrab, sessionRelease } from './session-events.ts';
import type { ArbiterState } from './state.ts';
import { Step } from './step.ts';

/**
 * Decides who owns each selection and who answers whom. Pure: no I/O, no clock, no randomness.
 *
 * What always holds afterwards, whatever the order of events:
 * - a selection has at most one owner;
 * - a request is answered exactly once, by the time its asker, its answerer or the link is gone at the latest;
 * - only the eligible session is given the host's selections, and only its offers and data go to the host.
 */
export function arbitrate(state: ArbiterState, event: ArbiterEvent): ArbiterResult {
  const step = new Step(state);
  apply(step, event);
  return step.result();
}

function apply(step: Step, event: ArbiterEvent): void {
  switch (event.kind) {
    case 'host-attached':
      return attach(step, event.features);
    case 'host-settled':
      return settleHost(step);
    case 'host-detached':
      return detach(step);
    case 'client-disconnected':
      return clientDisconnected(step);
    case 'host-grab':
      return hostGrab(step, event.selection, event.types);
    case 'host-release':
      return hostRelease(step, event.selection);
    case 'host-max-clipboard':
      return step.setMaxClipboard(event.limit);
    case 'host-content-expired':
      return hostRelease(step, event.selection);
    case 'rules-changed':
      return changeRules(step, event.rules);
    case 'hold':
      return hold(step, event.session, event.selection, { types: event.types, share: event.share });
    case 'session-connected':
      return connect(step, event.session);
    case 'session-disconnected':
      return disconnect(step, event.session);
    case 'eligible-changed':
      return changeEligible(step, event.session, event.copied);
    case 'session-grab':
      return sessionGrab(
        step,
        event.session,
        event.selection,
        { types: event.types, secret: event.secret },
        event.seen,
      );
    case 'session-release':
      return sessionRelease(step, event.session, event.selection, event.seen);
    case 'host-request':
      return requestFromHost(step, event.request, event.selection, event.type);
    case 'session-request':
      return requestFromSession(step, event.request, event.session, event.selection, event.type);
    case 'session-request-cancelled':
      return failSessionRequest(step, event.request, 'cancelled');
    case 'session-answered':
      return answerRequest(step, event.request, event.size);
    case 'session-failed':
      return failHostRequest(step, event.request, event.reason);
    case 'host-answered':
      if (step.takeSessionRequest(event.request)) step.emit({ kind: 'data-to-session', request: event.request });
      return;
    case 'host-failed':
      return failSessionRequest(step, event.request, event.refusal);
    default:
      event satisfies never;
  }
}
