import {
  type AgentInfo,
  GuestAgentError,
  isJsonObject,
  type JsonValue,
  MessageReader,
  readAgentInfo,
  SILENT_COMMANDS,
  UNLIMITED_COMMANDS,
} from '@clipmux/guest-agent';
import type { Logger } from '@clipmux/posix';
import { RetryDelays, SHARED_TIMERS, type TimerHandle, type Timers } from '@clipmux/rpc';
import type { Freeze } from './freeze.ts';
import { UPSTREAM_HANDSHAKE_MS, UPSTREAM_QUEUE_MAX, UPSTREAM_RETRY_CEILING_MS } from './limits.ts';
import { UpstreamLink } from './upstream-link.ts';

/** What became of a request: the answer's bytes, null where the command succeeded without one, or why there is none. */
export type UpstreamOutcome = Buffer | null | GuestAgentError;

/** A request for the qemu-ga behind. */
export interface UpstreamRequest {
  readonly command: string;
  /** Its bytes, as they came. */
  readonly raw: Buffer;
  /** Whether anybody waits for it still: asked before it is sent. What was sent is carried out, and answered, all the same. Default: yes. */
  readonly isWanted?: () => boolean;
  /** Called once; not for what is not wanted any more. */
  readonly done: (outcome: UpstreamOutcome) => void;
}

export interface UpstreamOptions {
  /** Path of its socket. */
  readonly path: string;
  readonly freeze: Freeze;
  /** How long an answer may take, in ms, of commands that have a limit. */
  readonly answerMs: () => number;
  readonly logger: Logger;
  readonly timers?: Timers;
  /** From 0 to 1. */
  readonly random?: () => number;
}

interface Pending extends Required<UpstreamRequest> {
  timer: TimerHandle | undefined;
  /** Whether it is sent for the second time. */
  again: boolean;
}

/** What is asked of a qemu-ga that has just been connected, in that order. */
const FIRST_QUESTIONS = ['guest-info', 'guest-fsfreeze-status'] as const;

/**
 * The qemu-ga behind. It serves one connection, so all clients share one: their requests go one after another, in the order in which they
 * come. It is connected when there is something to ask; where that fails, that request fails, and the next one tries again.
 */
export class Upstream {
  readonly #options: UpstreamOptions;
  readonly #timers: Timers;
  readonly #delays: RetryDelays;
  readonly #queue: Pending[] = [];
  #current: Pending | null = null;
  #link: UpstreamLink | null = null;
  /** The first questions that are still to be asked; null once the link is ready for requests. */
  #questions: string[] | null = null;
  #asked: string | null = null;
  #handshakeTimer: TimerHandle | undefined;
  #retryTimer: TimerHandle | undefined;
  #idle = false;
  #started: () => void = () => {};
  #info: AgentInfo | undefined;
  #lastSync = 0;
  #stopped = false;

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.#timers = options.timers ?? SHARED_TIMERS;
    this.#delays = new RetryDelays(UPSTREAM_RETRY_CEILING_MS, options.random ?? Math.random);
    // Ids of an earlier run may still be on their way.
    this.#lastSync = Math.floor((options.random ?? Math.random)() * 0x7fff_ffff) * 1000;
  }

  /** What it told of itself when it was connected last. */
  get info(): AgentInfo | undefined {
    return this.#info;
  }

  /** Connects once, to learn whether anything is frozen. Resolves when that is known, or it cannot be reached: no error yet. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#started = resolve;
      this.#connect();
    });
  }

  /** Ends the connection. What waits fails. */
  stop(): void {
    this.#stopped = true;
    if (this.#retryTimer !== undefined) this.#timers.clear(this.#retryTimer);
    this.#link?.close('clipmuxd is going down');
    for (const pending of this.#queue.splice(0)) this.#settle(pending, unreachable('clipmuxd is going down'));
  }

  /** Sends a request when its turn comes. */
  send(request: UpstreamRequest): void {
    const { command, raw, isWanted = always, done } = request;
    // Each member by name: this is on the way of every command, and copying an object costs as much as all the rest here.
    const pending: Pending = { command, raw, isWanted, done, timer: undefined, again: false };
    if (this.#stopped || this.#queue.length >= UPSTREAM_QUEUE_MAX) {
      pending.done(unreachable(this.#stopped ? 'clipmuxd is going down' : 'too many requests wait for it'));
      return;
    }
    if (!UNLIMITED_COMMANDS.has(command)) {
      pending.timer = this.#timers.set(() => this.#late(pending), this.#options.answerMs());
    }
    this.#queue.push(pending);
    this.#pump();
  }

  /** What it tells of itself now; undefined where it does not. */
  askInfo(): Promise<AgentInfo | undefined> {
    return new Promise((resolve) => {
      this.send({
        command: 'guest-info',
        raw: request('guest-info'),
        done: (outcome) => {
          if (Buffer.isBuffer(outcome)) this.#learn('guest-info', outcome);
          resolve(Buffer.isBuffer(outcome) ? this.#info : undefined);
        },
      });
    });
  }

  #pump(): void {
    if (this.#current || this.#queue.length === 0) return;
    if (this.#link === null) {
      this.#connect();
      return;
    }
    if (!this.#idle) return;
    const next = this.#nextWanted();
    if (!next) return;
    this.#current = next;
    this.#idle = false;
    this.#options.freeze.asking(next.command);
    this.#link.ask(next.raw, this.#isSilent(next.command));
  }

  #nextWanted(): Pending | undefined {
    for (;;) {
      const next = this.#queue.shift();
      if (!next || next.isWanted()) return next;
      if (next.timer !== undefined) this.#timers.clear(next.timer);
    }
  }

  #isSilent(command: string): boolean {
    const known = this.#info?.commands.find(({ name }) => name === command);
    return known ? !known['success-response'] : SILENT_COMMANDS.has(command);
  }

  #connect(): void {
    if (this.#link || this.#stopped) return;
    if (this.#retryTimer !== undefined) this.#timers.clear(this.#retryTimer);
    this.#retryTimer = undefined;
    this.#idle = false;
    this.#questions = [...FIRST_QUESTIONS];
    const link: UpstreamLink = new UpstreamLink(
      this.#options.path,
      {
        answered: (answer) => this.#answered(answer),
        garbled: (reason) => this.#garbled(reason),
        idle: () => this.#becameIdle(),
        lost: (reason, unsent) => this.#lost(reason, unsent),
      },
      () => {
        this.#lastSync += 1;
        return this.#lastSync;
      },
    );
    this.#link = link;
    this.#handshakeTimer = this.#timers.set(
      () => link.close(`it did not answer within ${UPSTREAM_HANDSHAKE_MS} ms`),
      UPSTREAM_HANDSHAKE_MS,
    );
    link.sync();
  }

  #becameIdle(): void {
    const question = this.#questions?.shift();
    if (question !== undefined) {
      this.#asked = question;
      this.#link?.ask(request(question), false);
      return;
    }
    if (this.#questions) {
      this.#questions = null;
      this.#clearHandshake();
      this.#delays.afterConnection(Number.POSITIVE_INFINITY);
      this.#options.logger.info('qemu-ga is connected', { version: this.#info?.version });
      this.#started();
    }
    this.#idle = true;
    this.#pump();
  }

  #answered(answer: Buffer | null): void {
    const asked = this.#asked ?? this.#current?.command;
    if (answer && asked) this.#options.freeze.answered(asked, answer);
    if (this.#asked !== null) {
      if (answer) this.#learn(this.#asked, answer);
      this.#asked = null;
      return;
    }
    this.#finish(answer);
  }

  #finish(outcome: UpstreamOutcome): void {
    const current = this.#current;
    this.#current = null;
    if (current) this.#settle(current, outcome);
  }

  #settle(pending: Pending, outcome: UpstreamOutcome): void {
    if (pending.timer !== undefined) this.#timers.clear(pending.timer);
    pending.done(outcome);
  }

  /** A request has waited for as long as it may. */
  #late(pending: Pending): void {
    const error = unreachable(`it did not answer ${pending.command} within ${this.#options.answerMs()} ms`);
    if (pending !== this.#current) {
      const index = this.#queue.indexOf(pending);
      if (index >= 0) this.#queue.splice(index, 1);
      this.#settle(pending, error);
      return;
    }
    this.#options.logger.warning('qemu-ga did not answer in time', { command: pending.command });
    this.#finish(error);
    this.#link?.sync();
  }

  #garbled(reason: string): void {
    this.#options.logger.warning('qemu-ga sent no answer that could be read', { reason });
    this.#asked = null;
    this.#finish(unreachable(`its answer cannot be read: ${reason}`));
    this.#link?.sync();
  }

  #lost(reason: string, unsent: boolean): void {
    const duringHandshake = this.#questions !== null;
    this.#clearHandshake();
    this.#link = null;
    this.#questions = null;
    this.#asked = null;
    this.#idle = false;
    const { logger, freeze } = this.#options;
    logger.info('qemu-ga is not connected', { reason });
    this.#started();
    const current = this.#current;
    if (current && unsent && !current.again) {
      // It had gone before we knew: as if it had been asked now.
      this.#current = null;
      current.again = true;
      this.#queue.unshift(current);
    } else if (current) {
      // A machine that goes down takes qemu-ga with it: no answer is what success looks like.
      const succeeded = this.#isSilent(current.command);
      this.#finish(
        succeeded ? null : unreachable(`${reason}; whether ${current.command} was carried out is not known`),
      );
    } else if (duringHandshake) {
      const first = this.#queue.shift();
      if (first) this.#settle(first, unreachable(reason));
    }
    if (freeze.state !== 'thawed' && !this.#stopped) this.#retry();
    this.#pump();
  }

  #retry(): void {
    this.#retryTimer = this.#timers.set(() => this.#connect(), this.#delays.afterFailure());
  }

  #clearHandshake(): void {
    if (this.#handshakeTimer !== undefined) this.#timers.clear(this.#handshakeTimer);
    this.#handshakeTimer = undefined;
  }

  #learn(question: string, answer: Buffer): void {
    if (question === 'guest-info') this.#info = readAgentInfo(readReturn(answer)) ?? this.#info;
  }
}

const always = () => true;

function request(command: string): Buffer {
  return Buffer.from(`{"execute": "${command}"}`);
}

function unreachable(reason: string): GuestAgentError {
  return new GuestAgentError('GenericError', `the qemu-ga behind clipmuxd cannot be asked: ${reason}`);
}

function readReturn(answer: Buffer): JsonValue | undefined {
  let value: JsonValue | undefined;
  const reader = new MessageReader({
    message: (message) => {
      const parsed = message.parse().value;
      value = isJsonObject(parsed) ? parsed.get('return') : undefined;
    },
    junk: () => {},
  });
  try {
    reader.push(answer);
  } catch {
    return undefined;
  }
  return value;
}
