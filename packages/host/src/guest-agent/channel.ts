import { randomInt } from 'node:crypto';
import type { Duplex } from 'node:stream';
import {
  isOwnCommand,
  type JsonMessage,
  MessageReader,
  SENTINEL,
  SILENT_COMMANDS,
  UNLIMITED_COMMANDS,
} from '@clipmux/guest-agent';
import { GuestCommandError, HostError } from '../errors.ts';
import { Deadline, timerFor } from './deadline.ts';
import { formatRequest } from './format-request.ts';
import { SYNC_REPEAT_MAX_MS, SYNC_REPEAT_MS } from './limits.ts';
import { type Returned, readAnswer } from './read-answer.ts';
import { silentCommandsOf } from './silent-commands.ts';
import { Turns } from './turns.ts';

/** How long the guest is waited for once a command's turn has come, in milliseconds; `Infinity`: for ever. */
export interface Patience {
  /** Until the command can be sent. */
  readonly sendMs: number;
  /** Until it is answered, from the same moment on. */
  readonly answerMs: number;
}

/** Ids of synchronisation: a number that an answer to an earlier one does not have by chance. */
const SYNC_ID_MAX = 2 ** 47;

/** Its answer comes behind 0xFF, whoever has asked for it. */
const DELIMITED_COMMAND = 'guest-sync-delimited';

interface Waiting {
  /** The id that a synchronisation of ours gets back; null: what comes answers the command. */
  readonly sync: number | null;
  /** A command that succeeds without an answer stands before the synchronisation: its error counts, and so does an end of the connection. */
  readonly silent: boolean;
  /** The answer to the command may come behind 0xFF. */
  readonly delimited: boolean;
  settle(outcome: Returned | Error | null): void;
}

/**
 * One connection to a guest agent: one command at a time, in the order in which they were asked for. Before the first one, and after each
 * that got no answer in time, both ends are brought into step with guest-sync-delimited, so that no late answer is taken for the next one's.
 */
export class GuestAgentChannel {
  readonly #stream: Duplex;
  readonly #turns = new Turns();
  #reader: MessageReader;
  #waiting: Waiting | null = null;
  #inStep = false;
  /** In a synchronisation: whether 0xFF has come. */
  #delimited = false;
  /** The commands that answer only when they fail; null while the guest has not been asked. */
  #silentCommands: ReadonlySet<string> | null = null;
  #over: HostError | null = null;

  constructor(stream: Duplex) {
    this.#stream = stream;
    this.#reader = this.#newReader();
    stream.on('data', (bytes: Buffer) => this.#read(bytes));
    const lost = (): void => {
      // What a silent command does may well end the guest: that is its success.
      if (this.#waiting?.silent) this.#waiting.settle(NO_ANSWER);
      this.#end(new HostError('guest-disconnected', 'the connection to the guest agent is over'));
    };
    stream.once('end', lost);
    stream.once('close', lost);
    stream.on('error', lost);
  }

  /** Ends the connection; commands that wait fail. */
  close(): void {
    this.#end(new HostError('guest-disconnected', 'the connection to the guest agent was closed'));
  }

  /** @throws {GuestCommandError} the guest's error. @throws {HostError} `timed-out`, `guest-disconnected`, `too-many-commands` */
  execute(command: string, given: object, patience: Patience): Promise<Returned> {
    return this.#turns.take(async () => {
      const [sending, answering] = deadlines(patience);
      await this.#synchronise(command, sending);
      return this.#execute(command, given, answering);
    });
  }

  /**
   * As {@link execute}, for a command that does not answer when it succeeds. Something that is always answered is sent behind it: its answer, or
   * the end of the connection, says that there was no error.
   */
  async executeSilent(command: string, given: object, patience: Patience): Promise<void> {
    await this.#turns.take(async () => {
      const [sending, answering] = deadlines(patience);
      await this.#synchronise(command, sending);
      await this.#executeSilent(command, given, answering);
    });
  }

  /** As the one of both that the command needs, by what the guest says of it. @returns null where it succeeds without an answer */
  call(command: string, given: object, patience: Patience): Promise<Returned | null> {
    return this.#turns.take(async () => {
      const [sending, answering] = deadlines(patience);
      await this.#synchronise(command, sending);
      if (!(await this.#isSilent(command, sending))) return this.#execute(command, given, answering);
      await this.#executeSilent(command, given, answering);
      return null;
    });
  }

  async #execute(command: string, given: object, deadline: Deadline): Promise<Returned> {
    const waiting = { sync: null, silent: false, delimited: command === DELIMITED_COMMAND };
    const returned = await this.#ask(formatRequest(command, given), waiting, deadline.left);
    return returned ?? unanswered(command, deadline);
  }

  async #executeSilent(command: string, given: object, deadline: Deadline): Promise<void> {
    const sync = randomInt(SYNC_ID_MAX);
    // In step again only once the synchronisation is answered.
    this.#inStep = false;
    const request = formatRequest(command, given) + formatSync(sync);
    const returned = await this.#ask(request, { sync, silent: true, delimited: false }, deadline.left);
    if (!returned) unanswered(command, deadline);
    this.#inStep = true;
  }

  /** Whether the command answers only when it fails. What is known of all agents is not asked for. */
  async #isSilent(command: string, deadline: Deadline): Promise<boolean> {
    if (SILENT_COMMANDS.has(command)) return true;
    if (isOwnCommand(command) || UNLIMITED_COMMANDS.has(command)) return false;
    this.#silentCommands ??= silentCommandsOf(await this.#info(command, deadline));
    // An answer that was none has put both ends out of step.
    await this.#synchronise(command, deadline);
    return this.#silentCommands.has(command);
  }

  /** What guest-info returns; undefined where the guest refuses, or knows no such thing. */
  async #info(command: string, deadline: Deadline): Promise<unknown> {
    try {
      const waiting = { sync: null, silent: false, delimited: false };
      return ((await this.#ask(formatRequest('guest-info', {}), waiting, deadline.left)) ?? unsent(command, deadline))
        .value;
    } catch (error) {
      if (error instanceof GuestCommandError || (error instanceof HostError && error.code === 'bad-answer')) return;
      throw error;
    }
  }

  /** Comes into step where both ends are not. @param command what is to be sent then */
  async #synchronise(command: string, deadline: Deadline): Promise<void> {
    for (let pause = SYNC_REPEAT_MS; !this.#inStep; pause = Math.min(2 * pause, SYNC_REPEAT_MAX_MS)) {
      const sync = randomInt(SYNC_ID_MAX);
      this.#delimited = false;
      // 0xFF ends whatever the guest holds of a request that was sent in part.
      const request = Buffer.concat([SENTINEL_BYTES, Buffer.from(formatSync(sync))]);
      const { left } = deadline;
      const waiting = { sync, silent: false, delimited: false };
      if (await this.#ask(request, waiting, Math.min(pause, left))) this.#inStep = true;
      else if (left <= pause) unsent(command, deadline);
    }
  }

  /** Null: there was no answer in time, and both ends are out of step. */
  #ask(request: string | Buffer, waiting: Omit<Waiting, 'settle'>, timeoutMs: number): Promise<Returned | null> {
    return new Promise((resolve, reject) => {
      if (this.#over) {
        reject(this.#over);
        return;
      }
      const settle = (outcome: Returned | Error | null): void => {
        clearTimeout(timer);
        this.#waiting = null;
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      const timer = timerFor(timeoutMs, () => {
        this.#inStep = false;
        settle(null);
      });
      this.#waiting = { ...waiting, settle };
      this.#stream.write(request);
    });
  }

  #read(bytes: Buffer): void {
    let rest = bytes;
    if (this.#waiting?.sync != null && !this.#waiting.silent) {
      const last = bytes.lastIndexOf(SENTINEL);
      if (last >= 0) {
        this.#delimited = true;
        this.#reader = this.#newReader();
        rest = bytes.subarray(last + 1);
      }
      if (!this.#delimited) return;
    }
    this.#reader.push(rest);
  }

  #newReader(): MessageReader {
    return new MessageReader({
      message: (message) => this.#message(message),
      junk: (_description, sentinel) => this.#junk(sentinel),
    });
  }

  #message(message: JsonMessage): void {
    const waiting = this.#waiting;
    // A late answer, or an event: nobody waits for it.
    if (!waiting) return;
    const answer = readAnswer(message);
    if (answer === null) return;
    if (waiting.silent && answer instanceof GuestCommandError) {
      waiting.settle(answer);
      return;
    }
    // The answer to an earlier synchronisation, or an error about what 0xFF has ended.
    if (waiting.sync !== null && (answer instanceof Error || answer.value !== waiting.sync)) return;
    waiting.settle(answer);
  }

  #junk(sentinel: boolean): void {
    if (this.#waiting?.sync !== null || (sentinel && this.#waiting.delimited)) return;
    this.#inStep = false;
    this.#waiting.settle(new HostError('bad-answer', 'the guest agent sent what is no JSON'));
  }

  #end(error: HostError): void {
    if (this.#over) return;
    this.#over = error;
    this.#stream.destroy();
    this.#waiting?.settle(error);
  }
}

/** What a command returns that ends without an answer. */
const NO_ANSWER: Returned = { value: undefined, text: '' };

const SENTINEL_BYTES = Buffer.from([SENTINEL]);

function formatSync(id: number): string {
  return formatRequest(DELIMITED_COMMAND, { id });
}

function deadlines({ sendMs, answerMs }: Patience): readonly [sending: Deadline, answering: Deadline] {
  return [new Deadline(Math.min(sendMs, answerMs)), new Deadline(answerMs)];
}

function unsent(command: string, { ms }: Deadline): never {
  throw new HostError(
    'timed-out',
    `the guest agent did not answer within ${ms} ms, so ${command} was not sent: is it running?`,
  );
}

function unanswered(command: string, { ms }: Deadline): never {
  throw new HostError(
    'timed-out',
    `the guest agent did not answer ${command} within ${ms} ms: whether it was carried out is unknown`,
  );
}
