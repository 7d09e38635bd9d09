import type { Logger } from '@clipmux/posix';
import { RpcError } from '@clipmux/rpc';
import {
  type ArbiterEffect,
  type ArbiterEvent,
  type ArbiterState,
  arbitrate,
  INITIAL_STATE,
  type Refusal,
  type RequestId,
  type Selection,
  type SessionId,
} from './arbiter/index.ts';
import type { HostLink, HostLinkListener, IncomingContent, OutgoingContent } from './host-link/index.ts';

/** What the multiplexer asks of a session. */
export interface SessionPeer {
  /** Lets the session's agent own the selection on the host's behalf. */
  grab(selection: Selection, serial: number, types: readonly string[]): void;
  release(selection: Selection, serial: number): void;
  /** Asks for what a program in the session owns. Rejects where it cannot be had; abort the signal to take the request back. */
  request(selection: Selection, type: string, signal: AbortSignal): Promise<OutgoingContent>;
}

/** What a session gets for its request: the host's content, on its way. */
export interface HostContent {
  readonly type: string;
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/** What the multiplexer asks of the port. */
export interface PortControl {
  /** The handshake is done. */
  confirm(): void;
  /** Closes the port and opens it again. */
  reset(reason: string): void;
}

interface SessionQuestion {
  readonly resolve: (content: HostContent) => void;
  readonly reject: (error: RpcError) => void;
}

interface HostQuestion {
  readonly controller: AbortController;
  /** The session's answer, from when it has come until the arbiter has said what becomes of it. */
  answer: OutgoingContent | null;
}

/**
 * Carries out what the arbiter decides, between the host link and the sessions. It owns the arbiter's state and the answers
 * that are under way; it decides nothing itself.
 */
export class Multiplexer implements HostLinkListener {
  readonly #logger: Logger;
  readonly #port: PortControl;
  #hostLink: HostLink | null = null;
  #state: ArbiterState = INITIAL_STATE;
  readonly #events: ArbiterEvent[] = [];
  #dispatching = false;
  #lastRequest: RequestId = 0;
  readonly #sessions = new Map<SessionId, SessionPeer>();
  readonly #sessionQuestions = new Map<RequestId, SessionQuestion>();
  readonly #hostQuestions = new Map<RequestId, HostQuestion>();
  readonly #incoming = new Map<RequestId, IncomingContent>();

  constructor(options: { logger: Logger; port: PortControl }) {
    this.#logger = options.logger;
    this.#port = options.port;
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

  // --- what sessions do

  connect(session: SessionId, peer: SessionPeer): void {
    this.#sessions.set(session, peer);
    this.#dispatch({ kind: 'session-connected', session });
  }

  disconnect(session: SessionId): void {
    this.#sessions.delete(session);
    this.#dispatch({ kind: 'session-disconnected', session });
  }

  /** Policy, logind or a lock has decided who takes part. */
  setEligible(session: SessionId | null): void {
    this.#dispatch({ kind: 'eligible-changed', session });
  }

  sessionGrab(session: SessionId, selection: Selection, types: readonly string[], seen: number): void {
    this.#dispatch({ kind: 'session-grab', session, selection, types, seen });
  }

  sessionRelease(session: SessionId, selection: Selection, seen: number): void {
    this.#dispatch({ kind: 'session-release', session, selection, seen });
  }

  /** Asks for the host's content on behalf of a session. Rejects with an RpcError that the session is told. */
  requestFromSession(
    session: SessionId,
    selection: Selection,
    type: string,
    signal: AbortSignal,
  ): Promise<HostContent> {
    const request = this.nextRequest();
    return new Promise<HostContent>((resolve, reject) => {
      this.#sessionQuestions.set(request, { resolve, reject });
      signal.addEventListener('abort', () => this.#dispatch({ kind: 'session-request-cancelled', request }), {
        once: true,
      });
      this.#dispatch({ kind: 'session-request', request, session, selection, type });
    });
  }

  // --- what the host does

  attached(features: Extract<ArbiterEvent, { kind: 'host-attached' }>['features']): void {
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
  }

  release(selection: Selection): void {
    this.#dispatch({ kind: 'host-release', selection });
  }

  maxClipboard(limit: number | null): void {
    this.#dispatch({ kind: 'host-max-clipboard', limit });
  }

  request(request: RequestId, selection: Selection, type: string): void {
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
        this.#state = state;
        for (const effect of effects) this.#perform(effect);
        if (next.kind === 'host-answered') this.#leaveUnwanted(next.request);
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
        return;
      case 'data-to-host':
        this.#answerHost(effect.request);
        return;
      case 'grab-to-session':
        this.#sessions.get(effect.session)?.grab(effect.selection, effect.serial, effect.types);
        return;
      case 'release-to-session':
        this.#sessions.get(effect.session)?.release(effect.selection, effect.serial);
        return;
      case 'request-to-session':
        this.#askSession(effect.request, effect.session, effect.selection, effect.type);
        return;
      case 'cancel-to-session':
        this.#letSessionOff(effect.request);
        return;
      case 'data-to-session':
        this.#answerSession(effect.request);
        return;
      case 'refuse-session':
        this.#refuseSession(effect.request, effect.refusal);
        return;
      case 'owner-changed':
        this.#logger.debug('owner changed', () => ({ selection: effect.selection, ...describe(effect.owner) }));
        return;
      default:
        effect satisfies never;
    }
  }

  // --- answers for the host

  #askSession(request: RequestId, session: SessionId, selection: Selection, type: string): void {
    const peer = this.#sessions.get(session);
    const question: HostQuestion = { controller: new AbortController(), answer: null };
    this.#hostQuestions.set(request, question);
    if (!peer) {
      this.#dispatch({ kind: 'session-failed', request });
      return;
    }
    peer.request(selection, type, question.controller.signal).then(
      (answer) => {
        question.answer = answer;
        if (this.#hostQuestions.get(request) === question) {
          this.#dispatch({ kind: 'session-answered', request, size: answer.size });
        } else leave(answer.pieces);
      },
      (error: unknown) => {
        this.#logger.debug('a session did not serve the host', { request, session, type, error: String(error) });
        this.#dispatch({ kind: 'session-failed', request });
      },
    );
  }

  #answerHost(request: RequestId): void {
    const question = this.#hostQuestions.get(request);
    this.#hostQuestions.delete(request);
    if (question?.answer) void this.#hostLink?.answer(request, question.answer);
  }

  #letSessionOff(request: RequestId): void {
    const question = this.#hostQuestions.get(request);
    this.#hostQuestions.delete(request);
    question?.controller.abort();
    if (question?.answer) leave(question.answer.pieces);
  }

  // --- answers for sessions

  #answerSession(request: RequestId): void {
    const question = this.#sessionQuestions.get(request);
    const content = this.#incoming.get(request);
    this.#sessionQuestions.delete(request);
    if (!question || !content) return;
    this.#incoming.delete(request);
    question.resolve({ type: content.type, size: content.size, content: content.pieces });
  }

  #refuseSession(request: RequestId, refusal: Refusal): void {
    const question = this.#sessionQuestions.get(request);
    this.#sessionQuestions.delete(request);
    this.#hostLink?.abandon(request);
    question?.reject(new RpcError(refusal, REFUSALS[refusal]));
  }

  /** The answer to a request that was given up meanwhile. */
  #leaveUnwanted(request: RequestId): void {
    const content = this.#incoming.get(request);
    if (!content) return;
    this.#incoming.delete(request);
    leave(content.pieces);
  }
}

const REFUSALS: Readonly<Record<Refusal, string>> = {
  'no-owner': 'the host does not own this selection',
  'type-unavailable': 'the host does not offer this type',
  denied: 'this session does not take part now',
  'timed-out': 'the host did not answer in time',
  'too-large': 'the host sends more than this guest takes',
  cancelled: 'the request was taken back',
  'owner-died': 'the host has given the selection up',
  'owner-refused': 'the host answered with nothing',
};

/** Tells whoever makes a content that nobody is going to read it. */
function leave(pieces: AsyncIterable<Uint8Array>): void {
  void pieces[Symbol.asyncIterator]().return?.();
}

function describe(owner: ArbiterState['ledger'][Selection]): Record<string, string | number> {
  if (owner.kind === 'nobody') return { owner: 'nobody' };
  if (owner.kind === 'host') return { owner: 'host', types: owner.types.join(' ') };
  return { owner: `session ${owner.session}`, types: owner.types.join(' ') };
}
