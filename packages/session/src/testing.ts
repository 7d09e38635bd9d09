import { type LogDetails, type Logger, silentLogger } from '@clipmux/posix';
import { AgentWire, type ContentAnswer, type ContentHandler, DaemonWire, RpcError, type Selection } from '@clipmux/rpc';
import {
  type ContentProvider,
  type ReadOptions,
  type SelectionBackend,
  SelectionError,
  type SelectionEvents,
} from '@clipmux/selections';
import { FakeTimers, settle, streamPair } from '../../rpc/src/session/testing.ts';
import { Agent, type CutShortPaste } from './agent.ts';

export { FakeTimers, settle };

/** Helpers of this package's tests; not exported from the package. */

/** Something that the backend was asked for and that the test answers. */
interface Open<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

export interface OpenOwn extends Open<boolean> {
  readonly selection: Selection;
  readonly types: readonly string[];
  readonly provider: ContentProvider;
}

export interface OpenRead extends Open<Uint8Array> {
  readonly selection: Selection;
  readonly type: string;
  readonly options: ReadOptions;
}

/** A display on which a test plays the programs. Reads end by their signal, as the contract says; all else the test decides. */
export class FakeBackend implements SelectionBackend {
  readonly owns: OpenOwn[] = [];
  readonly reads: OpenRead[] = [];
  readonly disowned: Selection[] = [];
  readonly #listeners: { [E in keyof SelectionEvents]?: (...args: SelectionEvents[E]) => void } = {};

  on<E extends keyof SelectionEvents>(event: E, listener: (...args: SelectionEvents[E]) => void): this {
    Object.assign(this.#listeners, { [event]: listener });
    return this;
  }

  offer(selection: Selection, ...types: string[]): void {
    this.#listeners.offer?.(selection, types);
  }

  clear(selection: Selection): void {
    this.#listeners.cleared?.(selection);
  }

  own(selection: Selection, types: readonly string[], provider: ContentProvider): Promise<boolean> {
    return new Promise((resolve, reject) => this.owns.push({ selection, types, provider, resolve, reject }));
  }

  disown(selection: Selection): Promise<void> {
    this.disowned.push(selection);
    return Promise.resolve();
  }

  read(selection: Selection, type: string, options: ReadOptions): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      options.signal?.addEventListener('abort', () => reject(new SelectionError('aborted', 'the read was aborted')));
      this.reads.push({ selection, type, options, resolve, reject });
    });
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** clipmuxd's end of one connection, and what the agent has told there. */
export interface DaemonEnd {
  readonly wire: DaemonWire;
  /** Grabs and releases of the agent, oldest first, each as `[method, params]`. */
  readonly told: readonly unknown[];
  /** Ends the connection; resolves when the agent knows. */
  end(): Promise<void>;
}

/** An agent between a fake display and, after `connect`, a real wire. */
export class AgentWorld {
  readonly backend = new FakeBackend();
  readonly timers = new FakeTimers();
  readonly log = new RecordingLog();
  readonly cutShort: CutShortPaste[] = [];
  largeContents = 0;
  readonly agent = new Agent({
    backend: this.backend,
    logger: this.log.logger,
    largeContentPassed: () => {
      this.largeContents += 1;
    },
    pasteCutShort: (paste) => this.cutShort.push(paste),
    timers: this.timers,
  });

  /** @param answer what clipmuxd answers when a program pastes; nothing to give unless told otherwise */
  async connect(answer: ContentHandler = nothing): Promise<DaemonEnd> {
    const { agent } = this;
    const [left, right] = streamPair();
    const told: unknown[] = [];
    const wire = new DaemonWire(left, {
      'session.hello': () => ({ session: 1, daemon: { version: 'test' } }),
      'selection.grab': (params) => told.push(['grab', params]),
      'selection.release': (params) => told.push(['release', params]),
      'selection.request': answer,
    });
    const agentWire = new AgentWire(right, {
      'selection.grab': ({ selection, serial, types }) => agent.grab(selection, serial, types),
      'selection.release': ({ selection, serial }) => agent.release(selection, serial),
      'selection.request': ({ selection, type, maxBytes }, { signal }) =>
        agent.request(selection, type, maxBytes, signal),
      'paste.cut-short': (paste) => agent.pasteCutShort(paste),
      closed: () => agent.disconnected(),
    });
    await agentWire.hello({ agent: { name: 'test', version: '1' }, display: ':0', session: null });
    agent.connected(agentWire);
    await settle();
    const end = async () => {
      await wire.close();
      await settle();
    };
    return { wire, told, end };
  }
}

function nothing(): ContentAnswer {
  throw new RpcError('no-owner', 'the host has nothing');
}

/** A log whose lines can be looked at. */
export class RecordingLog {
  readonly lines: string[] = [];
  readonly logger: Logger;

  constructor() {
    const write = (level: string) => (message: string, details?: LogDetails) => {
      const fields = typeof details === 'function' ? details() : details;
      this.lines.push(`${level}: ${message} ${JSON.stringify(fields ?? {})}`);
    };
    this.logger = {
      ...silentLogger,
      name: 'test',
      level: 'trace',
      isEnabled: () => true,
      error: write('error'),
      warning: write('warning'),
      info: write('info'),
      debug: write('debug'),
      trace: write('trace'),
      child: () => this.logger,
    };
  }

  /** Lines of that level. */
  at(level: 'error' | 'warning' | 'info' | 'debug'): string[] {
    return this.lines.filter((line) => line.startsWith(`${level}: `));
  }
}
