import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { UNLIMITED_COMMANDS } from '@clipmux/guest-agent';
import { GuestCommandError, HostError, type HostErrorCode } from '../errors.ts';
import { type SelectionName, TEXT_TYPE } from '../mime.ts';
import { checkSocketPath, explainConnectError } from '../socket/path.ts';
import { GuestAgentChannel, type Patience } from './channel.ts';
import { DEFAULT_ANSWER_TIMEOUT_MS, PIECE_BYTES, SESSION_CALL_GRACE_MS } from './limits.ts';
import type { Returned } from './read-answer.ts';
import {
  bytesOf,
  memberOf,
  numberOf,
  objectOf,
  type SessionList,
  sessionListOf,
  textOf,
  textsOf,
} from './read-answers.ts';

/** Which selection of which session. */
export interface Where {
  /** Id of the session; the one that takes part if not given. */
  readonly session?: number;
  /** `clipboard` if not given. */
  readonly selection?: SelectionName;
}

export interface GuestAgentClientOptions {
  /**
   * Milliseconds that each answer may take, coming into step with the guest included; `Infinity`: no limit. If not given
   * {@link DEFAULT_ANSWER_TIMEOUT_MS}; and for those commands none that may take as long as they take (guest-exec, guest-fsfreeze-…, guest-fstrim,
   * guest-shutdown, guest-suspend-…), once they are sent.
   */
  readonly timeoutMs?: number;
}

/** How a method in a session is called. */
export interface SessionCallOptions {
  /** Id of the session; the one that takes part if not given. */
  readonly session?: number;
  /** Milliseconds that the program may take, up to an hour; the guest's 10 s if not given. */
  readonly timeoutMs?: number;
}

/** What a method in a session returned. */
export interface SessionCallAnswer {
  readonly session: number;
  /** Any JSON: a program of a session chose it, so it is not to be trusted. */
  readonly result: unknown;
}

/** What guest-clipboard-targets tells. */
export interface Targets {
  readonly session: number;
  /** `program`, `host`, `held` or `nobody`. */
  readonly owner: string;
  readonly types: readonly string[];
}

/**
 * A client of clipmuxd's guest agent (docs/guest-agent.md), over the stream of its port. Every method throws {@link GuestCommandError} where the
 * guest answers with an error, and {@link HostError} `timed-out`, `guest-disconnected`, `bad-answer` or `too-many-commands`.
 */
export class GuestAgentClient {
  readonly #channel: GuestAgentChannel;
  /** Undefined: not given. */
  readonly #timeoutMs: number | undefined;

  /** Connects to a unix socket: a VMM's for the port (QEMU: `-chardev socket,server=on`), or clipmuxd's own. */
  static connect(path: string, options: GuestAgentClientOptions = {}): Promise<GuestAgentClient> {
    return new Promise((resolve, reject) => {
      checkSocketPath(path);
      const socket = connect(path);
      const fail = (error: Error): void => reject(explainConnectError(path, error));
      socket.once('error', fail);
      socket.once('connect', () => {
        socket.off('error', fail);
        resolve(new GuestAgentClient(socket, options));
      });
    });
  }

  constructor(stream: Duplex, options: GuestAgentClientOptions = {}) {
    this.#channel = new GuestAgentChannel(stream);
    this.#timeoutMs = options.timeoutMs;
  }

  /**
   * Calls any command that answers, also one of the qemu-ga behind clipmuxd.
   * @param given its arguments; bigints are numbers of any size, and a `RawJson` goes out as it was written
   */
  execute(command: string, given: object = {}): Promise<Returned> {
    return this.#channel.execute(command, given, this.#patienceFor(command));
  }

  /**
   * Calls a command that does not answer when it succeeds: guest-shutdown, guest-suspend-disk, guest-suspend-ram, guest-suspend-hybrid, and whatever
   * guest-info says has no success-response. Resolves when the guest has taken it without an error, or has gone.
   */
  executeSilent(command: string, given: object = {}): Promise<void> {
    return this.#channel.executeSilent(command, given, this.#patienceFor(command));
  }

  /**
   * Calls any command, as {@link execute} or {@link executeSilent} would, by what the guest says of it (guest-info, asked once where it is not known).
   * @returns null where it has succeeded without an answer
   */
  call(command: string, given: object = {}): Promise<Returned | null> {
    return this.#channel.call(command, given, this.#patienceFor(command));
  }

  /** The sessions, and which takes part. */
  async sessions(): Promise<SessionList> {
    return sessionListOf((await this.execute('guest-session-list')).value);
  }

  /** Calls a method that a program of a session serves, or one of clipmuxd's own (`ping`, `selection.targets`). */
  async sessionCall(
    method: string,
    params: object = {},
    { session, timeoutMs }: SessionCallOptions = {},
  ): Promise<SessionCallAnswer> {
    const given = {
      ...(session !== undefined && { session }),
      method,
      params,
      ...(timeoutMs !== undefined && { timeout: timeoutMs }),
    };
    const { sendMs, answerMs } = this.#patienceFor('guest-session-call');
    const patience = { sendMs, answerMs: Math.max(answerMs, (timeoutMs ?? 0) + SESSION_CALL_GRACE_MS) };
    const answer = objectOf((await this.#channel.execute('guest-session-call', given, patience)).value);
    return { session: numberOf(answer, 'session'), result: memberOf(answer, 'result') };
  }

  /** What a selection holds that may be read. */
  async targets(where: Where = {}): Promise<Targets> {
    const answer = objectOf((await this.execute('guest-clipboard-targets', where)).value);
    return { session: numberOf(answer, 'session'), owner: textOf(answer, 'owner'), types: textsOf(answer, 'types') };
  }

  /**
   * Reads what a selection holds, piece by piece.
   * @param type text if not given
   * @param maxBytes refuses more than that with `too-large`
   * @throws {GuestCommandError} `nothing-to-paste`, `type-not-offered` where that is the reason
   */
  async get(where: Where, type: string | undefined, maxBytes: number): Promise<{ type: string; bytes: Buffer }> {
    const pieces: Buffer[] = [];
    let got = 0;
    let piece = await this.#firstPiece(where, type);
    for (;;) {
      const answer = objectOf(piece.value);
      const size = numberOf(answer, 'size');
      const bytes = bytesOf(answer, 'buf-b64');
      got += bytes.length;
      pieces.push(bytes);
      if (size <= maxBytes && got <= maxBytes && answer['eof'] === true) {
        if (got !== size) throw new HostError('bad-answer', `the guest announced ${size} bytes and gave ${got}`);
        return { type: textOf(answer, 'type'), bytes: Buffer.concat(pieces) };
      }
      const handle = answer['eof'] === true ? null : numberOf(answer, 'handle');
      if (size > maxBytes || got > maxBytes) {
        if (handle !== null) await this.execute('guest-clipboard-close', { handle });
        throw new HostError('too-large', `the content has ${size} bytes, past the limit of ${maxBytes}`);
      }
      if (bytes.length === 0) throw new HostError('bad-answer', 'the guest gave an empty piece that is not the last');
      piece = await this.execute('guest-clipboard-get', { handle, count: PIECE_BYTES });
    }
  }

  /**
   * Gives a session content to paste, in as many pieces as it takes.
   * @param contents by MIME type, best first; one at least
   * @returns the session that has it
   */
  async set(where: Where, contents: ReadonlyMap<string, Uint8Array>, share = false): Promise<number> {
    const pieces = [...contents].flatMap(([type, bytes]) => cut(bytes).map((piece) => ({ type, piece })));
    let handle: number | undefined;
    for (const [index, { type, piece }] of pieces.entries()) {
      const isLast = index === pieces.length - 1;
      const given = {
        ...(handle === undefined ? { ...where, share } : { handle }),
        type,
        'buf-b64': Buffer.from(piece).toString('base64'),
        more: !isLast,
      };
      const answer = objectOf((await this.execute('guest-clipboard-set', given)).value);
      if (isLast) return numberOf(answer, 'session');
      handle = numberOf(answer, 'handle');
    }
    throw new HostError('nothing-to-copy', 'there is no content to set');
  }

  /** Ends the connection. */
  close(): void {
    this.#channel.close();
  }

  async #firstPiece(where: Where, type: string | undefined): Promise<Returned> {
    try {
      return await this.execute('guest-clipboard-get', {
        ...where,
        ...(type !== undefined && { type }),
        count: PIECE_BYTES,
      });
    } catch (error) {
      if (!(error instanceof GuestCommandError) || error.errorClass === 'CommandNotFound') throw error;
      const code = error.code === 'guest-error' ? await this.#whyNothing(where, type ?? TEXT_TYPE) : error.code;
      throw new GuestCommandError(error.errorClass, error.message, code);
    }
  }

  /** The dialect's errors do not say by themselves that there was nothing; what the selection holds does. */
  async #whyNothing(where: Where, type: string): Promise<HostErrorCode> {
    const held = await this.targets(where).catch(() => null);
    if (held === null) return 'guest-error';
    if (held.owner === 'nobody') return 'nothing-to-paste';
    return held.types.includes(type) ? 'guest-error' : 'type-not-offered';
  }

  #patienceFor(command: string): Patience {
    const given = this.#timeoutMs;
    if (given !== undefined) return { sendMs: given, answerMs: given };
    const unlimited = UNLIMITED_COMMANDS.has(command);
    return {
      sendMs: DEFAULT_ANSWER_TIMEOUT_MS,
      answerMs: unlimited ? Number.POSITIVE_INFINITY : DEFAULT_ANSWER_TIMEOUT_MS,
    };
  }
}

function cut(bytes: Uint8Array): Uint8Array[] {
  const pieces = [bytes.subarray(0, PIECE_BYTES)];
  for (let from = PIECE_BYTES; from < bytes.length; from += PIECE_BYTES)
    pieces.push(bytes.subarray(from, from + PIECE_BYTES));
  return pieces;
}
