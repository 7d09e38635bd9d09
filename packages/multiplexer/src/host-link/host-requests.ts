import type { Logger } from '@clipmux/posix';
import { PieceQueue, RpcError, type TimerHandle, type Timers } from '@clipmux/rpc';
import type { ClipboardFormat, MessageHeader } from '@clipmux/vdagent';
import type { RequestId, Selection } from '../arbiter/index.ts';
import { GatheredAnswer } from './gathered-answer.ts';
import type { HostKind } from './host-kind.ts';
import { type AnswerHead, type AnswerSink, IncomingAnswer } from './incoming-answer.ts';
import { type HostLinkSettings, LATE_ANSWER_MS } from './limits.ts';
import type { HostLinkListener } from './listener.ts';
import { PendingAnswers } from './pending-answers.ts';
import { mayBeVncText, normaliseVncText } from './vnc-text.ts';

export interface HostRequestsOptions {
  readonly listener: Pick<HostLinkListener, 'answered' | 'failed'>;
  readonly logger: Logger;
  readonly timers: Timers;
  readonly now: () => number;
  readonly settings: () => HostLinkSettings;
  /** Stops and restarts the reading of the port, while a session is slow to take what arrives. */
  readonly pausePort: (paused: boolean) => void;
}

/**
 * What sessions have asked of the host: which answer belongs to which request, how long one waits, and where the content goes
 * while it arrives. One answer is under way at a time, as messages on the port follow one another.
 */
export class HostRequests {
  readonly #options: HostRequestsOptions;
  readonly #pending = new PendingAnswers();
  #kind: HostKind = 'spice';
  #answer: IncomingAnswer | null = null;
  #answerRequest: RequestId | null = null;
  #lastPieceAt = 0;
  #timer: TimerHandle | null = null;

  constructor(options: HostRequestsOptions) {
    this.#options = options;
  }

  /** Whether this host can fail to answer at all depends on its kind. */
  setHostKind(kind: HostKind): void {
    this.#kind = kind;
  }

  /** Whether somebody waits for an answer, or one is coming in. */
  get busy(): boolean {
    return this.#answer !== null || this.#pending.nextDeadline() !== Number.POSITIVE_INFINITY;
  }

  /** A REQUEST is going out. */
  add(request: RequestId, selection: Selection, clipboardType: number): void {
    this.#pending.add(request, selection, clipboardType, this.#options.now() + this.#options.settings().hostAnswerMs);
    this.#schedule();
  }

  /** Nobody waits for the answer any more. What still comes for it is read and discarded. */
  abandon(request: RequestId): void {
    this.#pending.abandon(request, this.#options.now() + this.#lateness());
    this.#schedule();
  }

  /**
   * The host has grabbed or released a selection. QEMU then forgets what it was asked before (`ui/vdagent.c`,
   * `vdagent_clipboard_update_info`): what it answers from now on is of the new content, and is not to be taken for an older
   * request's, whose answer it may have dropped. A SPICE client answers every request, if late.
   */
  ownerChanged(selection: Selection): void {
    if (this.#kind !== 'qemu') return;
    for (const request of this.#pending.forget(selection)) this.#options.listener.failed(request, 'owner-died');
    this.#schedule();
  }

  /** The port has closed, or the client has gone: nothing that was asked is going to be answered. The arbiter knows by itself. */
  clear(reason: string): void {
    this.abort(reason);
    this.#pending.clear();
    this.#schedule();
  }

  /** A CLIPBOARD message begins. */
  begin(header: MessageHeader, format: ClipboardFormat): void {
    this.#lastPieceAt = this.#options.now();
    this.#answer = new IncomingAnswer(header, format, (head) => this.#route(head));
  }

  /** The next bytes of its body. */
  data(piece: Uint8Array): void {
    this.#lastPieceAt = this.#options.now();
    const full = this.#answer?.data(piece);
    if (!full) return;
    this.#options.pausePort(true);
    full.drained().then(() => {
      // The wait was the session's, not the host's: its time starts now.
      this.#lastPieceAt = this.#options.now();
      this.#options.pausePort(false);
    });
  }

  /** The message is complete. */
  end(): void {
    const error = this.#answer?.error;
    if (error) this.#options.logger.warning('the host sent an answer that cannot be read', { code: error.code });
    this.#answer?.end();
    this.#finish();
  }

  /** The rest of the message will not come. */
  abort(reason: string): void {
    this.#answer?.fail(new RpcError('owner-died', reason));
    this.#finish();
  }

  #finish(): void {
    this.#answer = null;
    this.#answerRequest = null;
    this.#schedule();
  }

  #route(head: AnswerHead): AnswerSink | null {
    const { listener, logger, now } = this.#options;
    const { maxContentBytes, normaliseVncText: normalises } = this.#options.settings();
    if (head.kind === 'ignored') return null;
    const request = this.#pending.take(head.selection, head.clipboardType, now());
    if (request === undefined) logger.debug('the host answered what nobody asked', { selection: head.selection });
    if (request === undefined || request === null) return null;
    if (head.kind === 'nothing') {
      listener.failed(request, 'owner-refused');
      return null;
    }
    if (head.size > maxContentBytes) {
      logger.warning('the host sends more than is allowed', { size: head.size, limit: maxContentBytes });
      listener.failed(request, 'too-large');
      return null;
    }
    logger.debug('the host answers', { request, type: head.type, size: head.size });
    this.#answerRequest = request;
    if (normalises && mayBeVncText(this.#kind, head.type, head.size)) return this.#gather(request, head);
    const pieces = new PieceQueue();
    listener.answered({ request, type: head.type, size: head.size, pieces });
    return pieces;
  }

  /** Text that QEMU's VNC server may have changed is handed on once it has been seen whole. */
  #gather(request: RequestId, { type, size }: Extract<AnswerHead, { kind: 'content' }>): AnswerSink {
    const { listener } = this.#options;
    return new GatheredAnswer(size, {
      complete: (text) => {
        const normalised = normaliseVncText(text);
        const pieces = new PieceQueue();
        listener.answered({ request, type, size: normalised.length, pieces });
        if (normalised.length > 0) pieces.write(normalised);
        pieces.end();
      },
      failed: (error) => listener.failed(request, error.name === 'timed-out' ? 'timed-out' : 'owner-died'),
    });
  }

  #lateness(): number {
    return this.#kind === 'qemu' ? this.#options.settings().hostAnswerMs : LATE_ANSWER_MS;
  }

  #schedule(): void {
    const { timers, now } = this.#options;
    if (this.#timer !== null) timers.clear(this.#timer);
    this.#timer = null;
    const answerDeadline =
      this.#answerRequest === null
        ? Number.POSITIVE_INFINITY
        : this.#lastPieceAt + this.#options.settings().hostAnswerMs;
    const deadline = Math.min(answerDeadline, this.#pending.nextDeadline());
    if (deadline === Number.POSITIVE_INFINITY) return;
    this.#timer = timers.set(() => this.#check(), Math.max(1, Math.ceil(deadline - now())));
  }

  #check(): void {
    const { listener, logger, now } = this.#options;
    for (const request of this.#pending.overdue(now())) {
      logger.warning('the host did not answer in time', { request, after: this.#options.settings().hostAnswerMs });
      // QEMU drops what does not fit its buffer and says nothing: then nothing is to be expected of it any more.
      this.#pending.abandon(request, now() + (this.#kind === 'qemu' ? 0 : LATE_ANSWER_MS));
      listener.failed(request, 'timed-out');
    }
    if (this.#answerRequest !== null && now() - this.#lastPieceAt >= this.#options.settings().hostAnswerMs) {
      logger.warning('the host stopped in the middle of an answer', { request: this.#answerRequest });
      this.#answer?.fail(new RpcError('timed-out', 'the host stopped in the middle of its answer'));
      this.#answerRequest = null;
    }
    this.#schedule();
  }
}
