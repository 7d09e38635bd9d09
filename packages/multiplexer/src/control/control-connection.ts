import type { Duplex } from 'node:stream';
import type { Logger } from '@clipmux/posix';
import {
  type CallContext,
  CONTROL_METHODS,
  CONTROL_VERSION,
  type ControlMethod,
  type ControlParams,
  type ControlResult,
  ControlWire,
  decodeBase64,
  encodeBase64,
  GRAB_TYPES_MAX,
  type PeerMethod,
  parseFields,
  RpcError,
  type Timers,
} from '@clipmux/rpc';
import type { ContentBudget } from './content-budget.ts';
import type { ControlTarget, HeldContent, Whose } from './control-target.ts';
import { Handles } from './handles.ts';
import {
  CONTROL_CONTENT_BYTES_MAX,
  CONTROL_CONTENT_TIMEOUT_MS,
  CONTROL_HANDLE_IDLE_MS,
  CONTROL_HANDLES_MAX,
  CONTROL_MONITOR_BACKLOG_BYTES,
} from './limits.ts';
import { Monitor } from './monitor.ts';
import { takeContent } from './take-content.ts';

/** What a connection needs beside its stream. */
export interface ControlConnectionOptions {
  readonly target: ControlTarget;
  readonly budget: ContentBudget;
  readonly logger: Logger;
  readonly timers: Timers;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The connection is over. */
  readonly closed: () => void;
}

type Handlers = {
  readonly [M in ControlMethod]: (
    params: ControlParams<M>,
    context: CallContext,
  ) => ControlResult<M> | Promise<ControlResult<M>>;
};

/** One client of the control socket: its calls become the target's methods. */
export class ControlConnection {
  readonly #target: ControlTarget;
  readonly #options: ControlConnectionOptions;
  readonly #handles: Handles;
  readonly #wire: ControlWire;
  readonly #monitor: Monitor;
  #unsubscribe: (() => void) | undefined;

  constructor(stream: Duplex, options: ControlConnectionOptions) {
    const { target, budget, logger, timers, now } = options;
    this.#target = target;
    this.#options = options;
    this.#handles = new Handles(
      {
        handles: CONTROL_HANDLES_MAX,
        contentBytes: CONTROL_CONTENT_BYTES_MAX,
        typesMax: GRAB_TYPES_MAX,
        idleMs: CONTROL_HANDLE_IDLE_MS,
      },
      budget,
      timers,
    );
    const wire = new ControlWire(stream, {
      role: 'server',
      methods: this.#methods(),
      closed: () => this.#over(),
      internalError: (error, method) => logger.error('internal error', { method, error: String(error) }),
      drained: () => this.#monitor.drained(),
      timers,
    });
    this.#wire = wire;
    const output = {
      get backlog() {
        return wire.backlog;
      },
      send: (event: object) => wire.notify('event', event),
    };
    this.#monitor = new Monitor(output, CONTROL_MONITOR_BACKLOG_BYTES, now);
  }

  /** Ends it, saying why. */
  close(error: RpcError): void {
    this.#wire.close(error);
  }

  #over(): void {
    this.#stopMonitor();
    this.#handles.closeAll();
    this.#options.closed();
  }

  #methods(): ReadonlyMap<string, PeerMethod> {
    const methods = new Map<string, PeerMethod>();
    for (const [name, { params }] of Object.entries(CONTROL_METHODS)) {
      const handler = this.#handlers[name as ControlMethod] as (params: unknown, context: CallContext) => unknown;
      methods.set(name, { kind: 'call', parse: (value) => parseFields(params, value), handle: handler });
    }
    return methods;
  }

  readonly #handlers: Handlers = {
    status: () => ({ ...this.#target.status(), protocol: CONTROL_VERSION }),
    'session.list': () => [...this.#target.sessions()],
    'session.select': ({ session }) => this.#setPolicy(session === null ? 'active' : `pinned:${session}`),
    'policy.get': () => ({ policy: this.#target.policy }),
    'policy.set': ({ policy }) => this.#setPolicy(policy),
    'clipboard.targets': (params) => this.#target.targets(whose(params)),
    'clipboard.get': (params, context) => this.#get(whose(params), params.type, context),
    'clipboard.read': ({ handle, offset, size }) => {
      const { bytes, eof } = this.#handles.read(handle, offset, size);
      return { data: encodeBase64(bytes), eof };
    },
    'clipboard.close': ({ handle }) => {
      this.#handles.close(handle);
      return {};
    },
    'clipboard.set': (params) => {
      const contents = params.contents.map(({ type, data }, index) => ({
        type,
        bytes: decodeBase64(data, `contents.${index}.data`),
      }));
      if (new Set(contents.map(({ type }) => type)).size < contents.length) {
        throw new RpcError('invalid-params', 'contents must have each type once');
      }
      return this.#hold(whose(params), contents, params.share);
    },
    'clipboard.begin': () => ({ handle: this.#handles.begin() }),
    'clipboard.append': ({ handle, type, data }) => ({
      size: this.#handles.append(handle, type, decodeBase64(data, 'data')),
    }),
    'clipboard.commit': async (params) => {
      const contents = this.#handles.contents(params.handle);
      const result = await this.#hold(whose(params), contents, params.share);
      this.#handles.close(params.handle);
      return result;
    },
    'clipboard.clear': async (params) => ({ session: await this.#target.clear(whose(params)) }),
    'monitor.start': () => {
      this.#unsubscribe ??= this.#target.subscribe((happening) => this.#monitor.offer(happening));
      return {};
    },
    'monitor.stop': () => {
      this.#stopMonitor();
      return {};
    },
    'log.level': ({ level }) => {
      if (level !== undefined) this.#target.logLevel = level;
      return { level: this.#target.logLevel };
    },
    'config.show': () => ({ toml: this.#target.configText() }),
    'config.reload': () => {
      const { changed, restart } = this.#target.reloadConfig();
      return { changed: [...changed], restart: [...restart] };
    },
    trace: ({ on }) => {
      if (on !== undefined) this.#target.trace = on;
      return { on: this.#target.trace };
    },
  };

  #setPolicy(policy: string): ControlResult<'policy.set'> {
    this.#target.setPolicy(policy);
    return { policy: this.#target.policy, eligible: this.#target.eligible };
  }

  async #hold(which: Whose, contents: readonly HeldContent[], share: boolean): Promise<ControlResult<'clipboard.set'>> {
    const session = await this.#target.hold(which, contents, share);
    return { session, types: contents.map(({ type }) => type) };
  }

  #get(which: Whose, type: string, { signal }: CallContext): Promise<ControlResult<'clipboard.get'>> {
    const open = (until: AbortSignal) => this.#target.content(which, type, until);
    return takeContent(this.#handles, open, {
      signal,
      timers: this.#options.timers,
      timeoutMs: CONTROL_CONTENT_TIMEOUT_MS,
    });
  }

  #stopMonitor(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }
}

function whose({ session, selection }: { session?: number | undefined; selection: Whose['selection'] }): Whose {
  return { session, selection };
}
