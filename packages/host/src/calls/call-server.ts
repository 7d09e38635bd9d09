import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import {
  formatError,
  formatReturn,
  GuestAgentError,
  isJsonObject,
  type JsonMessage,
  type JsonValue,
  LineMessageReader,
  plainJson,
  RawJson,
  readRequest,
} from '@clipmux/guest-agent';
import { CALL_LINE_BYTES_MAX, OPEN_CALLS_MAX, OUTPUT_BYTES_MAX } from './limits.ts';

/** Who calls. The session's number is clipmuxd's word: the session cannot choose it. */
export interface Caller {
  readonly session: number;
  /** Aborted when nobody waits for the answer any more: the call was taken back, took too long, or its session or the guest's end has gone. */
  readonly signal: AbortSignal;
}

/**
 * Carries a call out. What it returns must be JSON. What it throws is the answer: a {@link GuestAgentError} with its class, anything else as
 * `GenericError` with its message.
 * @param params whatever a program in the session sent: not to be trusted
 */
export type CallHandler = (params: Readonly<Record<string, unknown>>, caller: Caller) => unknown;

/** Something that the guest tells. */
export interface GuestNews {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970, by the guest's clock. */
  readonly at: number;
}

export interface HostCallServerEvents {
  connected: [];
  /** An event of the guest's, as docs/guest-agent-host.md lists them. */
  news: [GuestNews];
  /** The guest sent a line that is neither a call nor an event. For a log; nothing of it is shown. */
  junk: [];
  disconnected: [];
}

/**
 * The host's end of the port for calls: answers calls of sessions by handlers, several at once, and emits the guest's events. Give it a stream
 * by `attach`, or a socket by `connect` and `listen` of this package.
 */
export class HostCallServer extends EventEmitter<HostCallServerEvents> {
  readonly #handlers: ReadonlyMap<string, CallHandler>;
  #stream: Duplex | null = null;
  /** Calls that are being carried out, by their id as it came. */
  readonly #open = new Map<string, AbortController>();

  /** @param handlers by the method's name */
  constructor(handlers: ReadonlyMap<string, CallHandler>) {
    super();
    this.#handlers = handlers;
  }

  get connected(): boolean {
    return this.#stream !== null;
  }

  /** Uses this stream until it ends. */
  attach(stream: Duplex): void {
    if (this.#stream) throw new Error('a guest is connected already');
    this.#stream = stream;
    const reader = new LineMessageReader(
      { message: (message) => this.#message(stream, message), broken: () => this.emit('junk') },
      CALL_LINE_BYTES_MAX,
    );
    const ended = (): void => this.#ended(stream);
    stream.on('data', (bytes: Buffer) => {
      if (this.#stream === stream) reader.push(bytes);
    });
    stream.once('end', ended);
    stream.once('close', ended);
    stream.on('error', ended);
    // The guest may hold half a line of a host's program before this one, which ends here.
    stream.write('\n');
    this.emit('connected');
  }

  /** Ends the connection, if there is one. */
  async close(): Promise<void> {
    if (this.#stream) this.#ended(this.#stream);
  }

  #ended(stream: Duplex): void {
    if (this.#stream !== stream) return;
    this.#stream = null;
    for (const call of this.#open.values()) call.abort();
    this.#open.clear();
    stream.destroy();
    this.emit('disconnected');
  }

  #message(stream: Duplex, message: JsonMessage): void {
    let parsed: ReturnType<JsonMessage['parse']>;
    try {
      parsed = message.parse();
    } catch {
      this.emit('junk');
      return;
    }
    const news = readNews(parsed.value);
    if (news) {
      if (news.event === 'CALL_ENDED') this.#open.get(keyOf(news.data['session'], news.data['call']))?.abort();
      this.emit('news', news);
      return;
    }
    const request = readRequest(parsed);
    const caller = isJsonObject(parsed.value) ? readCaller(parsed.value.get('id')) : null;
    // Without an id there is nobody to whom an answer could go.
    if ('error' in request || request.id === undefined || caller === null) {
      this.emit('junk');
      return;
    }
    const { command, id } = request;
    const params = plainJson(request.arguments) as Readonly<Record<string, unknown>>;
    void this.#answer(stream, command, params, caller, id);
  }

  async #answer(
    stream: Duplex,
    method: string,
    params: Readonly<Record<string, unknown>>,
    { session, key }: { readonly session: number; readonly key: string },
    id: RawJson,
  ): Promise<void> {
    if (this.#open.size >= OPEN_CALLS_MAX) {
      this.#send(stream, formatError(new GuestAgentError('GenericError', 'too many calls are open at the host'), id));
      return;
    }
    const call = new AbortController();
    const { signal } = call;
    this.#open.set(key, call);
    let line: string;
    try {
      const handler = this.#handlers.get(method);
      if (!handler) throw new GuestAgentError('CommandNotFound', `The command ${method} has not been found`);
      line = formatReturn(RawJson.of((await handler(params, { session, signal })) ?? {}), id);
    } catch (error) {
      line = formatError(asAnswer(error), id);
    }
    if (this.#open.get(key) === call) this.#open.delete(key);
    // Nobody waits for it.
    if (!signal.aborted) this.#send(stream, line);
  }

  #send(stream: Duplex, line: string): void {
    if (this.#stream !== stream) return;
    stream.write(line);
    // clipmuxd always reads: one that does not is hung, and will have to connect anew.
    if (stream.writableLength > OUTPUT_BYTES_MAX) this.#ended(stream);
  }
}

function asAnswer(error: unknown): GuestAgentError {
  if (error instanceof GuestAgentError) return error;
  return new GuestAgentError('GenericError', error instanceof Error ? error.message : String(error));
}

/** Who calls, by a call's id; `key` tells it from all other calls. */
function readCaller(id: JsonValue | undefined): { readonly session: number; readonly key: string } | null {
  const { session, call } = (isJsonObject(id) ? plainJson(id) : {}) as Record<string, unknown>;
  if (typeof session !== 'number' || !Number.isSafeInteger(session)) return null;
  return { session, key: keyOf(session, call) };
}

function keyOf(session: unknown, call: unknown): string {
  return JSON.stringify([session, call]);
}

function readNews(value: JsonValue): GuestNews | null {
  if (!isJsonObject(value)) return null;
  const event = value.get('event');
  const data = value.get('data') ?? new Map();
  const timestamp = value.get('timestamp');
  if (typeof event !== 'string' || !isJsonObject(data) || !isJsonObject(timestamp)) return null;
  const { seconds, microseconds } = plainJson(timestamp) as Record<string, unknown>;
  if (typeof seconds !== 'number' || typeof microseconds !== 'number') return null;
  return {
    event,
    data: plainJson(data) as Readonly<Record<string, unknown>>,
    at: seconds * 1000 + Math.floor(microseconds / 1000),
  };
}
