import { EventEmitter } from 'node:events';
import type { ContentProvider, ReadOptions, SelectionBackend, SelectionEvents, SelectionName } from './backend.ts';
import { DisplayError, SelectionError } from './errors.ts';
import { DEFAULT_LIMITS, type Limits, MAX_READS } from './limits.ts';
import { checkTypes, Ownership } from './owner/ownership.ts';
import { readContent } from './requestor/read-content.ts';
import type { Timers } from './timers.ts';
import { Outbox } from './watcher/outbox.ts';
import { Connection } from './x11/connection.ts';
import { X11Session } from './x11-session.ts';

export interface X11BackendOptions {
  /** As in DISPLAY, such as `:0`; the environment's when left out. */
  readonly display?: string;
  /** Where DISPLAY, XAUTHORITY and HOME are looked up; the process's environment when left out. */
  readonly env?: NodeJS.ProcessEnv;
  readonly limits?: Partial<Limits>;
  /** What time-outs run on; Node's timers when left out. */
  readonly timers?: Timers;
}

/** The selections of an X11 display. One connection; when it ends the backend is finished. */
export class X11Backend implements SelectionBackend {
  readonly #options: X11BackendOptions;
  readonly #limits: Limits;
  readonly #emitter = new EventEmitter();
  readonly #outbox: Outbox;
  /** How to end each read that is under way, and each call that waits for the server. */
  readonly #unfinished = new Set<(error: DisplayError) => void>();
  #reads = 0;
  #state: 'new' | 'opening' | 'open' | 'closed' = 'new';
  #session: X11Session | undefined;
  #connection: Connection | undefined;
  #ended: DisplayError | undefined;
  /** Claims are sent one after the other, in the order in which they were asked for. */
  #claims: (() => void)[] = [];

  constructor(options: X11BackendOptions = {}) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#outbox = new Outbox((selection, news) => {
      if (news.kind === 'offer') this.#emitter.emit('offer', selection, news.types);
      else this.#emitter.emit('cleared', selection);
    });
  }

  on<E extends keyof SelectionEvents>(event: E, listener: (...args: SelectionEvents[E]) => void): this {
    this.#emitter.on(event, listener as (...args: unknown[]) => void);
    return this;
  }

  async open(): Promise<void> {
    if (this.#state !== 'new') throw new Error('open() may be called only once');
    this.#state = 'opening';
    const { connectMs, replyMs } = this.#limits;
    const env = this.#options.env ?? process.env;
    const { display, timers } = this.#options;
    const connection = await Connection.open({ display, env, connectMs, replyMs, timers });
    this.#connection = connection;
    if (this.#ended !== undefined) {
      await connection.close(); // close() was called meanwhile
      throw this.#ended;
    }
    connection.onClosed = (error) => this.#onClosed(error);
    this.#session = await this.#whileOpen<X11Session>((resolve, reject) => {
      X11Session.begin(connection, this.#outbox, this.#limits).then(resolve, reject);
    });
    this.#state = 'open';
  }

  async own(selection: SelectionName, types: readonly string[], provider: ContentProvider): Promise<boolean> {
    checkTypes(types);
    const { claims, atoms } = this.#part(selection);
    return this.#whileOpen((resolve) => {
      this.#enqueueClaim((sent) => {
        Ownership.prepare(atoms, types, provider, (ownership) => claims.take(ownership, sent, resolve));
      });
    });
  }

  async disown(selection: SelectionName): Promise<void> {
    const { claims } = this.#part(selection);
    claims.current?.end();
    return this.#whileOpen((resolve) => {
      this.#enqueueClaim((sent) => claims.release(sent, resolve));
    });
  }

  async read(selection: SelectionName, type: string, options: ReadOptions): Promise<Uint8Array> {
    const { watcher, atoms, requestor } = this.#part(selection);
    const { signal, maxBytes } = options;
    if (signal?.aborted) throw new SelectionError('aborted', 'the read was aborted');
    if (this.#reads >= MAX_READS) {
      throw new SelectionError('too-many', `${MAX_READS} reads are under way already`);
    }
    this.#reads++;
    let abort: (() => void) | undefined;
    let forget = (): unknown => undefined;
    try {
      return await new Promise<Uint8Array>((resolve, reject) => {
        let ended = false;
        const end = readContent({ watcher, atoms, requestor }, type, maxBytes, (result) => {
          ended = true;
          forget();
          if (result instanceof Error) reject(result);
          else resolve(result);
        });
        if (ended) return; // what is known needs no waiting
        forget = () => this.#unfinished.delete(end);
        abort = () => end(new SelectionError('aborted', 'the read was aborted'));
        signal?.addEventListener('abort', abort);
        this.#unfinished.add(end);
      });
    } finally {
      if (abort !== undefined) signal?.removeEventListener('abort', abort);
      this.#reads--;
    }
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    const error = new DisplayError('display-lost', 'the backend was closed');
    this.#ended = error;
    this.#finish(error);
    await this.#connection?.close(); // with the connection the server ends our ownerships
  }

  #onClosed(error: DisplayError): void {
    if (this.#state === 'closed') return;
    const wasOpen = this.#state === 'open';
    this.#state = 'closed';
    this.#ended = error;
    this.#finish(error);
    if (wasOpen) this.#emitter.emit('closed', error);
  }

  #finish(error: DisplayError): void {
    this.#session?.stop(error);
    this.#outbox.clear();
    this.#claims = [];
    for (const end of [...this.#unfinished]) end(error);
    this.#unfinished.clear();
  }

  #part(selection: SelectionName) {
    if (this.#ended !== undefined) throw this.#ended;
    if (this.#session === undefined) throw new Error('the backend is not open');
    const { atoms, requestor, selections } = this.#session;
    const { claims, watcher } = selections[selection];
    return { claims, watcher, atoms, requestor };
  }

  /** A promise that rejects when the display goes while it is pending. */
  #whileOpen<T>(start: (resolve: (value: T) => void, reject: (error: Error) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#unfinished.add(reject);
      start((value) => {
        this.#unfinished.delete(reject);
        resolve(value);
      }, reject);
    });
  }

  #enqueueClaim(start: (sent: () => void) => void): void {
    const run = () =>
      start(() => {
        this.#claims.shift();
        this.#claims[0]?.();
      });
    this.#claims.push(run);
    if (this.#claims.length === 1) run();
  }
}
