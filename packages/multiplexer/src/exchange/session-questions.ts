import { RpcError } from '@clipmux/rpc';
import type { Refusal, RequestId } from '../arbiter/index.ts';
import type { HostContent } from './contracts.ts';

interface Question {
  readonly resolve: (content: HostContent) => void;
  readonly reject: (error: RpcError) => void;
}

/** What sessions have asked for, until the arbiter has decided on each. */
export class SessionQuestions {
  readonly #questions = new Map<RequestId, Question>();

  /** Resolves or rejects as the arbiter decides. */
  add(request: RequestId): Promise<HostContent> {
    return new Promise((resolve, reject) => this.#questions.set(request, { resolve, reject }));
  }

  answer(request: RequestId, content: HostContent): void {
    this.#take(request)?.resolve(content);
  }

  refuse(request: RequestId, refusal: Refusal): void {
    this.#take(request)?.reject(new RpcError(refusal, REFUSALS[refusal]));
  }

  #take(request: RequestId): Question | undefined {
    const question = this.#questions.get(request);
    this.#questions.delete(request);
    return question;
  }
}

const REFUSALS: Readonly<Record<Refusal, string>> = {
  'no-owner': 'the host does not own this selection',
  'type-unavailable': 'this type is not offered',
  denied: 'this session may not have it now',
  'timed-out': 'the host did not answer in time',
  'too-large': 'the host sends more than this guest takes',
  cancelled: 'the request was taken back',
  'owner-died': 'the host has given the selection up',
  'owner-refused': 'the host answered with nothing',
};
