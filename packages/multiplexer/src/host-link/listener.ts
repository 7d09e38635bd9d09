import type { HostFeatures, Refusal, RequestId, Selection } from '../arbiter/index.ts';
import type { IncomingContent } from './incoming-answer.ts';

/** What the host does, in the arbiter's terms. Called synchronously, in the order of the wire. */
export interface HostLinkListener {
  /** The handshake is done, or a new client has announced itself. */
  attached(features: HostFeatures): void;
  /** The time in which the host repeats its standing offers has passed. */
  settled(): void;
  detached(): void;
  clientDisconnected(): void;
  /** The host owns the selection; `types` are those of its MIME types that we can serve, perhaps none. */
  grab(selection: Selection, types: readonly string[]): void;
  release(selection: Selection): void;
  /** The host takes no more than so many bytes; null: any number. */
  maxClipboard(limit: number | null): void;
  /** The host wants content; to be answered once, with `answerEmpty` or `answer`. */
  request(request: RequestId, selection: Selection, type: string): void;
  /** An answer begins to arrive. Its pieces are to be read or left. */
  answered(content: IncomingContent): void;
  /** No answer will come, or one with nothing in it has. */
  failed(request: RequestId, refusal: Refusal): void;
  /** The bytes make no sense any more, or a message cannot be completed: the port is to be closed and opened again. */
  broken(reason: string): void;
}
