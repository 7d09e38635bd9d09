import type { ClipboardDataHead } from '@clipmux/vdagent';
import { ClipboardType } from '@clipmux/vdagent';
import { HostError } from '../errors.ts';

/** How long a paste may take. */
export interface PasteOptions {
  /** Milliseconds until it fails with `timed-out`. Default: no limit. */
  readonly timeout?: number;
  /** Gives the paste up; it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** One request to the guest that waits for its answer. */
interface Waiting {
  readonly selection: number;
  readonly clipboardType: number;
  /** Where the content goes, once its answer has begun. */
  into: Uint8Array | undefined;
  settle(outcome: Uint8Array | Error): void;
}

/**
 * The host's requests to the guest. An answer names its selection and type, not its request, so it belongs to the oldest request
 * for both; an answer of type NONE to the oldest for the selection.
 */
export class Pastes {
  readonly #waiting = new Set<Waiting>();
  readonly #noneCounts: boolean;

  /** `noneCounts`: whether an answer of type NONE ends a request. QEMU passes such an answer over. */
  constructor(noneCounts: boolean) {
    this.#noneCounts = noneCounts;
  }

  /** Waits for the answer to a request. */
  wait(selection: number, clipboardType: number, options: PasteOptions): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const { timeout, signal } = options;
      let timer: NodeJS.Timeout | undefined;
      const waiting: Waiting = {
        selection,
        clipboardType,
        into: undefined,
        settle: (outcome) => {
          if (!this.#waiting.delete(waiting)) return;
          clearTimeout(timer);
          signal?.removeEventListener('abort', aborted);
          if (outcome instanceof Error) reject(outcome);
          else resolve(outcome);
        },
      };
      const aborted = (): void => {
        const reason: unknown = signal?.reason;
        waiting.settle(reason instanceof Error ? reason : new Error('the paste was given up'));
      };
      this.#waiting.add(waiting);
      if (timeout !== undefined) {
        timer = setTimeout(() => {
          waiting.settle(new HostError('timed-out', `the guest gave no content within ${timeout} ms`));
        }, timeout);
      }
      signal?.addEventListener('abort', aborted);
      if (signal?.aborted) aborted();
    });
  }

  /** An answer begins: returns where its content goes; undefined if nobody waits for it. */
  begin(head: ClipboardDataHead, size: number, maxSize: number): Uint8Array | undefined {
    const waiting = this.#find(head);
    if (waiting === undefined || head.clipboardType === ClipboardType.NONE) return undefined;
    if (size > maxSize) {
      waiting.settle(
        new HostError('too-large', `the guest's content of ${size} bytes is past the limit of ${maxSize}`),
      );
      return undefined;
    }
    // Not cleared: it is given out only after it has been filled.
    waiting.into = Buffer.allocUnsafeSlow(size);
    return waiting.into;
  }

  /** An answer has come whole. Returns whether somebody waited for it. */
  end(head: ClipboardDataHead, into: Uint8Array | undefined): boolean {
    for (const waiting of this.#waiting) {
      if (into === undefined || waiting.into !== into) continue;
      waiting.settle(into);
      return true;
    }
    if (head.clipboardType !== ClipboardType.NONE || !this.#noneCounts) return false;
    const waiting = this.#find(head);
    waiting?.settle(new HostError('refused', 'the guest answers that it has nothing in this type'));
    return waiting !== undefined;
  }

  /** All fail, for the guest is gone. */
  fail(error: Error): void {
    for (const waiting of [...this.#waiting]) waiting.settle(error);
  }

  #find(head: ClipboardDataHead): Waiting | undefined {
    for (const waiting of this.#waiting) {
      if (waiting.selection !== head.selection || waiting.into !== undefined) continue;
      if (waiting.clipboardType === head.clipboardType || head.clipboardType === ClipboardType.NONE) return waiting;
    }
    return undefined;
  }
}
