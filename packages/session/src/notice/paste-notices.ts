import type { Logger } from '@clipmux/posix';
import type { CutShortPaste } from '../agent.ts';
import { NOTICE_INTERVAL_MS } from '../limits.ts';
import { NoticeError } from './errors.ts';
import { notify } from './notification-service.ts';
import { sessionBusSocket } from './session-bus.ts';
import { noticeText } from './text.ts';

export interface PasteNoticesOptions {
  readonly logger: Logger;
  /** Where the session bus is looked up. */
  readonly environment: NodeJS.ProcessEnv;
  /** Milliseconds that never go back; default: since the process started. */
  readonly now?: () => number;
  readonly notify?: typeof notify;
}

/** Tells the person who works in the session of pastes that were cut short, by the desktop's notices; where there are none, the log has it. */
export class PasteNotices {
  readonly #logger: Logger;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #now: () => number;
  readonly #notify: typeof notify;
  readonly #stopping = new AbortController();
  #lastAt = Number.NEGATIVE_INFINITY;
  #underWay: Promise<void> | undefined;
  /** The notice that is being shown, as far as we know: the next takes its place. */
  #lastId = 0;

  constructor(options: PasteNoticesOptions) {
    this.#logger = options.logger;
    this.#environment = options.environment;
    this.#now = options.now ?? (() => performance.now());
    this.#notify = options.notify ?? notify;
  }

  /** Shows one, unless another was shown a moment ago. Never throws. */
  show(paste: CutShortPaste): void {
    const now = this.#now();
    if (this.#stopping.signal.aborted || this.#underWay || now - this.#lastAt < NOTICE_INTERVAL_MS) return;
    this.#lastAt = now;
    this.#underWay = this.#send(paste).finally(() => {
      this.#underWay = undefined;
    });
  }

  /** Shows no more, and gives up one that is under way. Resolves when nothing is left of it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#underWay;
  }

  async #send(paste: CutShortPaste): Promise<void> {
    try {
      const socket = sessionBusSocket(this.#environment);
      const { signal } = this.#stopping;
      this.#lastId = await this.#notify(socket, noticeText(paste), { replaces: this.#lastId, signal });
      this.#logger.debug('the person was told', { id: this.#lastId });
    } catch (error) {
      const code = error instanceof NoticeError ? error.code : 'internal';
      this.#logger.info('the person could not be told by a notice', { code, reason: (error as Error).message });
    }
  }
}
