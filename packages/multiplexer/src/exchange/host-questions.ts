import type { Logger } from '@clipmux/posix';
import { Cancellation, RpcError } from '@clipmux/rpc';
import type { RequestId, Selection, SessionFailure } from '../arbiter/index.ts';
import type { OutgoingContent } from '../host-link/index.ts';
import { leave, type SessionPeer } from './contracts.ts';

interface Question {
  readonly cancellation: Cancellation;
  /** The session's answer, from when it has come until the arbiter has said what becomes of it. */
  answer: OutgoingContent | null;
}

/** How a session has answered. */
export interface HostQuestionsListener {
  answered(request: RequestId, size: number): void;
  failed(request: RequestId, reason: SessionFailure): void;
}

/** What the host has asked of sessions, until the arbiter has decided on each answer. */
export class HostQuestions {
  readonly #listener: HostQuestionsListener;
  readonly #logger: Logger;
  readonly #questions = new Map<RequestId, Question>();

  constructor(listener: HostQuestionsListener, logger: Logger) {
    this.#listener = listener;
    this.#logger = logger;
  }

  /** Asks the session, which may have gone. One of the listener's two methods is called later, unless it is let off before. */
  ask(request: RequestId, peer: SessionPeer | undefined, selection: Selection, type: string): void {
    if (!peer) {
      this.#listener.failed(request, 'owner-failed');
      return;
    }
    const question: Question = { cancellation: new Cancellation(), answer: null };
    this.#questions.set(request, question);
    peer.request(selection, type, question.cancellation).then(
      (answer) => {
        if (this.#questions.get(request) !== question) {
          leave(answer.pieces);
          return;
        }
        question.answer = answer;
        this.#listener.answered(request, answer.size);
      },
      (error: unknown) => {
        this.#logger.debug('a session did not serve the host', { request, type, error: String(error) });
        this.#listener.failed(request, failureOf(error));
      },
    );
  }

  /** The answer that has come, to be sent. */
  take(request: RequestId): OutgoingContent | null {
    const question = this.#questions.get(request);
    this.#questions.delete(request);
    return question?.answer ?? null;
  }

  /** The session need not answer any more. */
  letOff(request: RequestId): void {
    const question = this.#questions.get(request);
    this.#questions.delete(request);
    question?.cancellation.abort(new RpcError('cancelled', 'the host does not wait for it any more'));
    if (question?.answer) leave(question.answer.pieces);
  }
}

/** What a person can do something about is told from the rest. */
function failureOf(error: unknown): SessionFailure {
  const name = error instanceof RpcError ? error.name : undefined;
  return name === 'too-large' || name === 'timed-out' ? name : 'owner-failed';
}
