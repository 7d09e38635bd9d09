import type { RequestId, Selection } from '../arbiter/index.ts';

/** An answer that was asked for; `request` is null once nobody waits for it any more. */
interface Pending {
  request: RequestId | null;
  readonly selection: Selection;
  readonly clipboardType: number;
  /** When it is no longer expected at all, in the clock's milliseconds. */
  expectedUntil: number;
}

/**
 * Which request an answer of the host's belongs to. The protocol gives answers no number: only selection and type, in order.
 * So what was abandoned stays in line for a while, lest its late answer be taken for that of a newer request.
 */
export class PendingAnswers {
  #line: Pending[] = [];

  /** `expectedUntil`: after that time the host is taken to have dropped the request. */
  add(request: RequestId, selection: Selection, clipboardType: number, expectedUntil: number): void {
    this.#line.push({ request, selection, clipboardType, expectedUntil });
  }

  /** Nobody waits for this answer any more; it keeps its place until `expectedUntil`. */
  abandon(request: RequestId, expectedUntil: number): void {
    const pending = this.#line.find((one) => one.request === request);
    if (!pending) return;
    pending.request = null;
    pending.expectedUntil = expectedUntil;
  }

  /**
   * Takes the request that an answer belongs to out of the line. `clipboardType` null stands for NONE, which a host sends
   * whatever it was asked for. Returns the request, null for one that was abandoned, undefined where none was asked.
   */
  take(selection: Selection, clipboardType: number | null, now: number): RequestId | null | undefined {
    this.#line = this.#line.filter((one) => one.request !== null || one.expectedUntil > now);
    const index = this.#line.findIndex(
      (one) => one.selection === selection && (clipboardType === null || one.clipboardType === clipboardType),
    );
    return index < 0 ? undefined : this.#line.splice(index, 1)[0]?.request;
  }

  /** Requests whose time has passed, still in line. */
  overdue(now: number): RequestId[] {
    return this.#line.flatMap((one) => (one.request !== null && one.expectedUntil <= now ? [one.request] : []));
  }

  /** When the next request becomes overdue; infinity where none waits. */
  nextDeadline(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const one of this.#line) if (one.request !== null && one.expectedUntil < next) next = one.expectedUntil;
    return next;
  }

  /** No answer is expected for this selection any more; returns the requests that still waited. */
  forget(selection: Selection): RequestId[] {
    const forgotten = this.#line.filter((one) => one.selection === selection);
    this.#line = this.#line.filter((one) => one.selection !== selection);
    return forgotten.flatMap((one) => (one.request === null ? [] : [one.request]));
  }

  /** The link is gone; returns the requests that still waited. */
  clear(): RequestId[] {
    const waiting = this.#line.flatMap((one) => (one.request === null ? [] : [one.request]));
    this.#line = [];
    return waiting;
  }
}
