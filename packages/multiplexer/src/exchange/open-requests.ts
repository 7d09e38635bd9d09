import type { EmptyReason, Owner, Refusal, RequestId, Selection, SessionId } from '../arbiter/index.ts';
import type { PasteCutShort } from './contracts.ts';

/** Somebody wants to paste. */
export interface RequestReport {
  readonly request: RequestId;
  readonly by: 'host' | 'session';
  /** Who asks, or whom the host's request goes to; null where nobody owns what the host asks for. */
  readonly session: SessionId | null;
  readonly selection: Selection;
  readonly type: string;
}

/** How a request ended: with so many bytes, or why without. */
export type Outcome = { readonly size: number } | { readonly refused: Refusal | EmptyReason };

/** Who watches. Sizes, types and ids only. */
export interface MultiplexerObserver {
  ownerChanged(selection: Selection, owner: Owner): void;
  asked(report: RequestReport): void;
  /** Once for each `asked`. */
  answered(report: RequestReport, outcome: Outcome): void;
  /** Something went wrong that an administrator may want to know. */
  failed(message: string): void;
}

/** The requests that are open, for those who watch, and for the person whose paste was cut short. */
export class OpenRequests {
  readonly #observer: MultiplexerObserver | undefined;
  readonly #cutShort: (session: SessionId, paste: PasteCutShort) => void;
  readonly #open = new Map<RequestId, RequestReport>();

  constructor(observer: MultiplexerObserver | undefined, cutShort: (session: SessionId, paste: PasteCutShort) => void) {
    this.#observer = observer;
    this.#cutShort = cutShort;
  }

  asked(report: RequestReport): void {
    this.#open.set(report.request, report);
    this.#observer?.asked(report);
  }

  answered(request: RequestId, outcome: Outcome): void {
    const report = this.#open.get(request);
    this.#open.delete(request);
    if (!report) return;
    this.#observer?.answered(report, outcome);
    if (!('refused' in outcome) || report.session === null) return;
    const { refused: reason } = outcome;
    if (reason !== 'timed-out' && reason !== 'too-large') return;
    const direction = report.by === 'host' ? 'guest-to-host' : 'host-to-guest';
    this.#observer?.failed(`a paste was cut short (${direction}, ${report.type}): ${reason}`);
    this.#cutShort(report.session, { direction, reason, selection: report.selection });
  }

  /** Requests of a host that has gone are not answered: those that do not wait any more are forgotten. */
  forgetAbandoned(waits: (request: RequestId) => boolean): void {
    for (const { by, request } of this.#open.values()) if (by === 'host' && !waits(request)) this.#open.delete(request);
  }
}
