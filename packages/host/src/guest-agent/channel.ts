import { randomInt } from 'node:crypto';
import type { Duplex } from 'node:stream';
import {
  isJsonObject,
  type JsonMessage,
  type JsonObject,
  MessageReader,
  plainJson,
  SENTINEL,
  stringifyJson,
} from '@clipmux/guest-agent';
import { GuestCommandError, HostError } from '../errors.ts';
import { SYNC_TIMEOUT_MS, WAITING_COMMANDS_MAX } from './limits.ts';

/** What a command returned. */
export interface Returned {
  readonly value: unknown;
  /** As the guest wrote it: numbers past 2^53 are whole here. */
  readonly text: string;
}

/** Ids of synchronisation: a number that an answer to an earlier one does not have by chance. */
const SYNC_ID_MAX = 2 ** 47;

interface Waiting {
  /** Only what comes after 0xFF counts. */
  readonly sync: number | null;
  /** A command that succeeds without an answer stands before the synchronisation: its error counts, and so does an end of the connection. */
  readonly silent: boolean;
  settle(outcome: Returned | Error): void;
}

/**
 * One connection to a guest agent: one command at a time, in the order in which they were asked for. Before the first one, and after each
 * that got no answer in time, both ends are brought into step with guest-sync-delimited, so that no late answer is taken for the next one's.
 */
export class GuestAgentChannel {
  readonly #stream: Duplex;
  #reader: MessageReader;
  #turn: Promise<unknown> = Promise.resolve();
  #commands = 0;
  #waiting: Waiting | null = null;
  #inStep = false;
  /** In a synchronisation: whether 0xFF has come. */
  #delimited = false;
  #over: HostError | null = null;

  constructor(stream: Duplex) {
    this.#stream = stream;
    this.#reader = this.#newReader();
    stream.on('data', (bytes: Buffer) => this.#read(bytes));
    const lost = (): void =>
      this.#end(new HostError('guest-disconnected', 'the connection to the guest agent is over'));
    stream.once('end', lost);
    stream.once('close', lost);
    stream.on('error', lost);
  }

  /** Ends the connection; commands that wait fail. */
  close(): void {
    this.#end(new HostError('guest-disconnected', 'the connection to the guest agent was closed'));
  }

  /** @throws {GuestCommandError} the guest's error. @throws {HostError} `timed-out`, `guest-disconnected`, `too-many-commands` */
  execute(command: string, given: object, timeoutMs: number): Promise<Returned> {
    return this.#inTurn(() => this.#execute(command, given, timeoutMs));
  }

  /**
   * As {@link execute}, for a command that does not answer when it succeeds. Something that is always answered is sent behind it: its answer, or
   * the end of the connection, says that there was no error.
   */
  async executeSilent(command: string, given: object, timeoutMs: number): Promise<void> {
    await this.#inTurn(() => this.#executeSilent(command, given, timeoutMs));
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    if (this.#commands >= WAITING_COMMANDS_MAX) {
      return Promise.reject(
        new HostError('too-many-commands', `${this.#commands} commands wait for the guest agent already`),
      );
    }
    this.#commands += 1;
    const done = this.#turn.then(run);
    this.#turn = done.then(
      () => {},
      () => {},
    );
    return done.finally(() => {
      this.#commands -= 1;
    });
  }

  async #execute(command: string, given: object, timeoutMs: number): Promise<Returned> {
    if (!this.#inStep) await this.#synchronise();
    return this.#ask(formatRequest(command, given), { sync: null, silent: false }, timeoutMs);
  }

  async #executeSilent(command: string, given: object, timeoutMs: number): Promise<void> {
    if (!this.#inStep) await this.#synchronise();
    const sync = randomInt(SYNC_ID_MAX);
    // In step again only once the synchronisation is answered.
    this.#inStep = false;
    await this.#ask(formatRequest(command, given) + formatSync(sync), { sync, silent: true }, timeoutMs);
    this.#inStep = true;
  }

  async #synchronise(): Promise<void> {
    const sync = randomInt(SYNC_ID_MAX);
    this.#delimited = false;
    // 0xFF ends whatever the guest holds of a request that was sent in part.
    const request = Buffer.concat([SENTINEL_BYTES, Buffer.from(formatSync(sync))]);
    await this.#ask(request, { sync, silent: false }, SYNC_TIMEOUT_MS);
    this.#inStep = true;
  }

  #ask(request: string | Buffer, waiting: Omit<Waiting, 'settle'>, timeoutMs: number): Promise<Returned> {
    return new Promise((resolve, reject) => {
      if (this.#over) {
        reject(this.#over);
        return;
      }
      const timer = setTimeout(() => {
        this.#inStep = false;
        settle(new HostError('timed-out', `the guest agent did not answer within ${timeoutMs} ms`));
      }, timeoutMs);
      const settle = (outcome: Returned | Error): void => {
        clearTimeout(timer);
        this.#waiting = null;
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
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
      junk: () => this.#fail('the guest agent sent what is no JSON'),
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

  #fail(reason: string): void {
    if (this.#waiting?.sync !== null) return;
    this.#inStep = false;
    this.#waiting.settle(new HostError('bad-answer', reason));
  }

  #end(error: HostError): void {
    if (this.#over) return;
    this.#over = error;
    this.#stream.destroy();
    this.#waiting?.settle(this.#waiting.silent ? NO_ANSWER : error);
  }
}

/** What a command returns that ends without an answer. */
const NO_ANSWER: Returned = { value: undefined, text: '' };

function formatRequest(command: string, given: object): string {
  return `${stringifyJson({ execute: command, arguments: given })}\n`;
}

function formatSync(id: number): string {
  return formatRequest('guest-sync-delimited', { id });
}

const SENTINEL_BYTES = Buffer.from([SENTINEL]);

/** Null for what is no answer: clients of a guest agent skip events. */
function readAnswer(message: JsonMessage): Returned | HostError | null {
  let object: JsonObject;
  let text: string | undefined;
  try {
    const { value, members } = message.parse();
    if (!isJsonObject(value)) return new HostError('bad-answer', 'the guest agent sent what is no object');
    object = value;
    text = members.get('return')?.toString();
  } catch {
    return new HostError('bad-answer', 'the guest agent sent what is no JSON');
  }
  const returned = object.get('return');
  if (returned !== undefined) return { value: plainJson(returned), text: text ?? '' };
  const error = object.get('error');
  if (!isJsonObject(error)) {
    return object.has('event')
      ? null
      : new HostError('bad-answer', 'the guest agent sent neither a return nor an error');
  }
  const [errorClass, description] = [error.get('class'), error.get('desc')];
  return new GuestCommandError(
    typeof errorClass === 'string' ? errorClass : 'GenericError',
    typeof description === 'string' ? description : 'the guest gave no description',
  );
}
