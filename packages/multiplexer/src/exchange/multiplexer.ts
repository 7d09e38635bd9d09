import type { Logger } from '@clipmux/posix';
import { type CancelSignal, NODE_TIMERS, type Timers } from '@clipmux/rpc';
import {
  type ArbiterEffect,
  type ArbiterEvent,
  type ArbiterState,
  arbitrate,
  type HostFeatures,
  INITIAL_STATE,
  type Owner,
  type Refusal,
  type RequestId,
  type Rules,
  type Selection,
  type SessionId,
} from '../arbiter/index.ts';
import type { HostLink, HostLinkListener, IncomingContent } from '../host-link/index.ts';
import {
  type HostContent,
  leave,
  type PortControl,
  type SessionOffer,
  type SessionPeer,
  wholeContent,
} from './contracts.ts';
import { type HeldContent, HeldContents } from './held-contents.ts';
import { HostContentExpiry } from './host-content-expiry.ts';
import { HostContentFlows } from './host-content-flows.ts';
import { HostQuestions } from './host-questions.ts';
import { type MultiplexerObserver, OpenRequests } from './open-requests.ts';
import { SessionQuestions } from './session-questions.ts';

export interface MultiplexerOptions {
  readonly logger: Logger;
  readonly port: PortControl;
  readonly observer?: MultiplexerObserver;
  /** Whether a person is told of a paste that was cut short. Default: yes. */
  readonly tellsPerson?: () => boolean;
  readonly timers?: Timers;
}

/**
 * Carries out what the arbiter decides, between the host link and the sessions. It owns the arbiter's state and the answers
 * that are under way; it decides nothing itself.
 */
export class Multiplexer implements HostLinkListener {
  readonly #logger: Logger;
  readonly #port: PortControl;
  readonly #observer: MultiplexerObserver | undefined;
  #hostLink: HostLink | null = null;
  #state: ArbiterState = INITIAL_STATE;
  readonly #events: ArbiterEvent[] = [];
  #dispatching = false;
  #lastRequest: RequestId = 0;
  readonly #expiry: HostContentExpiry;
  readonly #sessions = new Map<SessionId, SessionPeer>();
  readonly #held = new HeldContents();
  readonly #hostQuestions: HostQuestions;
  readonly #sessionQuestions = new SessionQuestions();
  readonly #flows = new HostContentFlows();
  /** Answers of the host that have begun to arrive and were not handed on yet. */
  readonly #incoming = new Map<RequestId, IncomingContent>();
  readonly #open: OpenRequests;

  constructor(options: MultiplexerOptions) {
    this.#logger = options.logger;
    this.#port = options.port;
    this.#observer = options.observer;
    this.#expiry = new HostContentExpiry(options.timers ?? NODE_TIMERS, (selection) => {
      this.#logger.info('the host’s content has been kept for as long as it may be', { selection });
      this.#dispatch({ kind: 'host-content-expired', selection });
    });
    this.#open = new OpenRequests(options.observer, (session, paste) => {
      if (options.tellsPerson?.() ?? true) this.#sessions.get(session)?.pasteCutShort(paste);
    });
    this.#hostQuestions = new HostQuestions(
      {
        answered: (request, size) => this.#dispatch({ kind: 'session-answered', request, size }),
        failed: (request, reason) => this.#dispatch({ kind: 'session-failed', request, reason }),
      },
      options.logger,
    );
  }

  /** The link that this multiplexer listens to. To be set once, before the link opens. */
  set hostLink(hostLink: HostLink) {
    this.#hostLink = hostLink;
  }

  /** What is known of owners, sessions and requests, for a person who asks. */
  get state(): ArbiterState {
    return this.#state;
  }

  /** Gives ids to requests of either direction. */
  readonly nextRequest = (): RequestId => {
    this.#lastRequest += 1;
    return this.#lastRequest;
  };

  // --- what the administrator wants

  setRules(rules: Rules): void {
    this.#dispatch({ kind: 'rules-changed', rules });
  }

  /** How long a session keeps what the host copied, in ms; null: until something else is copied. Counts from the next copy. */
  setWipeAfter(milliseconds: number | null): void {
    this.#expiry.after = milliseconds;
  }

  /** Sets what a session's selection holds; no content empties it. */
  hold(session: SessionId, selection: Selection, content: HeldContent, share: boolean): void {
    this.#held.set(session, selection, content);
    this.#dispatch({ kind: 'hold', session, selection, types: [...content.keys()], share });
  }

  /** Held content, for who wants to see it. */
  heldContent(session: SessionId, selection: Selection, type: string): Uint8Array | undefined {
    return this.#held.get(session, selection, type);
  }

  // --- what sessions do

  connect(session: SessionId, peer: SessionPeer): void {
    this.#sessions.set(session, peer);
    this.#dispatch({ kind: 'session-connected', session });
  }

  disconnect(session: SessionId): void {
    this.#sessions.delete(session);
    this.#dispatch({ kind: 'session-disconnected', session });
  }

  /** Policy, logind or a lock has decided who takes part; `copied`: a copy on that selection did. */
  setEligible(session: SessionId | null, copied?: Selection): void {
    this.#dispatch({ kind: 'eligible-changed', session, ...(copied && { copied }) });
  }

  sessionGrab(session: SessionId, selection: Selection, offer: SessionOffer): void {
    this.#dispatch({ kind: 'session-grab', session, selection, ...offer });
  }

  sessionRelease(session: SessionId, selection: Selection, seen: number): void {
    this.#dispatch({ kind: 'session-release', session, selection, seen });
  }

  /** Asks for what the session's agent owns for somebody else. Rejects with an RpcError that the session is told. */
  requestFromSession(
    session: SessionId,
    selection: Selection,
    type: string,
    signal: CancelSignal,
  ): Promise<HostContent> {
    const request = this.nextRequest();
    const content = this.#sessionQuestions.add(request);
    signal.addEventListener('abort', () => this.#dispatch({ kind: 'session-request-cancelled', request }), {
      once: true,
    });
    this.#open.asked({ request, by: 'session', session, selection, type });
    this.#dispatch({ kind: 'session-request', request, session, selection, type });
    return content;
  }

  // --- what the host does

  attached(features: HostFeatures): void {
    this.#port.confirm();
    this.#dispatch({ kind: 'host-attached', features });
  }

  settled(): void {
    this.#dispatch({ kind: 'host-settled' });
  }

  detached(): void {
    this.#dispatch({ kind: 'host-detached' });
  }

  clientDisconnected(): void {
    this.#dispatch({ kind: 'client-disconnected' });
  }

  grab(selection: Selection, types: readonly string[]): void {
    this.#dispatch({ kind: 'host-grab', selection, types });
    this.#expiry.begin(selection);
  }

  release(selection: Selection): void {
    this.#dispatch({ kind: 'host-release', selection });
  }

  maxClipboard(limit: number | null): void {
    this.#dispatch({ kind: 'host-max-clipboard', limit });
  }

  request(request: RequestId, selection: Selection, type: string): void {
    const owner = this.#state.ledger[selection];
    const session = owner.kind === 'session' || owner.kind === 'held' ? owner.session : null;
    this.#open.asked({ request, by: 'host', session, selection, type });
    this.#dispatch({ kind: 'host-request', request, selection, type });
  }

  answered(content: IncomingContent): void {
    this.#incoming.set(content.request, content);
    this.#dispatch({ kind: 'host-answered', request: content.request });
  }

  failed(request: RequestId, refusal: Refusal): void {
    this.#dispatch({ kind: 'host-failed', request, refusal });
  }

  broken(reason: string): void {
    this.#logger.warning('the port is closed and opened again', { reason });
    this.#observer?.failed(`the port was closed and opened again: ${reason}`);
    this.#port.reset(reason);
  }

  // --- events in, effects out

  /** One event after another: what happens while effects are carried out waits for its turn. */
  #dispatch(event: ArbiterEvent): void {
    this.#events.push(event);
    if (this.#dispatching) return;
    this.#dispatching = true;
    try {
      for (let next = this.#events.shift(); next; next = this.#events.shift()) {
        const { state, effects } = arbitrate(this.#state, next);
        if (state.eligible !== this.#state.eligible) this.#flows.cutOff();
        this.#state = state;
        for (const effect of effects) this.#perform(effect);
        if (next.kind === 'host-answered') this.#leaveUnwanted(next.request);
        if (ENDS_HOST_REQUESTS.has(next.kind))
          this.#open.forgetAbandoned((request) => this.#state.hostRequests.has(request));
      }
    } finally {
      this.#dispatching = false;
    }
  }

  #perform(effect: ArbiterEffect): void {
    switch (effect.kind) {
      case 'grab-to-host':
        this.#hostLink?.grab(effect.selection, effect.types);
        return;
      case 'release-to-host':
        this.#hostLink?.release(effect.selection);
        return;
      case 'request-to-host':
        this.#hostLink?.request(effect.request, effect.selection, effect.type);
        return;
      case 'empty-to-host':
        this.#hostLink?.answerEmpty(effect.request);
        this.#open.answered(effect.request, { refused: effect.reason });
        return;
      case 'data-to-host':
        this.#answerHost(effect.request);
        return;
      case 'held-to-host':
        this.#answerHostWithHeld(effect);
        return;
      case 'grab-to-session':
        this.#sessions.get(effect.session)?.grab(effect.selection, effect.serial, effect.types);
        return;
      case 'release-to-session':
        this.#sessions.get(effect.session)?.release(effect.selection, effect.serial);
        return;
      case 'request-to-session': {
        const { request, session, selection, type } = effect;
        this.#hostQuestions.ask(request, this.#sessions.get(session), selection, type);
        return;
      }
      case 'cancel-to-session':
        this.#hostQuestions.letOff(effect.request);
        return;
      case 'data-to-session':
        this.#answerSession(effect.request);
        return;
      case 'held-to-session': {
        const content = this.#held.get(effect.session, effect.selection, effect.type) ?? NO_CONTENT;
        this.#sessionQuestions.answer(effect.request, { type: effect.type, size: content.length, content });
        this.#open.answered(effect.request, { size: content.length });
        return;
      }
      case 'refuse-session':
        this.#refuseSession(effect.request, effect.refusal);
        return;
      case 'drop-held':
        this.#held.drop(effect.session, effect.selection);
        return;
      case 'owner-changed':
        this.#logger.debug('owner changed', () => ({ selection: effect.selection, ...describe(effect.owner) }));
        this.#observer?.ownerChanged(effect.selection, effect.owner);
        return;
      default:
        effect satisfies never;
    }
  }

  #answerHost(request: RequestId): void {
    const answer = this.#hostQuestions.take(request);
    if (!answer) return;
    void this.#hostLink?.answer(request, answer);
    this.#open.answered(request, { size: answer.size });
  }

  #answerHostWithHeld({ request, session, selection, type }: Extract<ArbiterEffect, { kind: 'held-to-host' }>): void {
    const content = this.#held.get(session, selection, type) ?? NO_CONTENT;
    void this.#hostLink?.answer(request, { size: content.length, pieces: wholeContent(content) });
    this.#open.answered(request, { size: content.length });
  }

  #answerSession(request: RequestId): void {
    const content = this.#incoming.get(request);
    if (!content) return;
    this.#incoming.delete(request);
    const { type, size, pieces } = content;
    this.#flows.add(pieces);
    this.#sessionQuestions.answer(request, { type, size, content: pieces });
    this.#open.answered(request, { size });
  }

  #refuseSession(request: RequestId, refusal: Refusal): void {
    this.#hostLink?.abandon(request);
    this.#sessionQuestions.refuse(request, refusal);
    this.#open.answered(request, { refused: refusal });
  }

  /** The answer to a request that was given up meanwhile. */
  #leaveUnwanted(request: RequestId): void {
    const content = this.#incoming.get(request);
    if (!content) return;
    this.#incoming.delete(request);
    leave(content.pieces);
  }
}

const ENDS_HOST_REQUESTS: ReadonlySet<ArbiterEvent['kind']> = new Set([
  'host-attached',
  'host-detached',
  'client-disconnected',
]);

const NO_CONTENT = new Uint8Array(0);

function describe(owner: Owner): Record<string, string | number> {
  if (owner.kind === 'nobody') return { owner: 'nobody' };
  if (owner.kind === 'host') return { owner: 'host', types: owner.types.join(' ') };
  return { owner: `session ${owner.session}`, types: owner.types.join(' ') };
}
