import { type ControlHappening, RpcError, type SelectionContent, type SessionEntry } from '@clipmux/rpc';
import type { ControlContent, ControlTarget, HeldContent, LogLevelName, Whose } from './control-target.ts';

/** A clipmuxd of two sessions, in memory: 1, which takes part, and 2. For the tests of the control socket. */
export class FakeTarget implements ControlTarget {
  policy = 'active';
  logLevel: LogLevelName = 'info';
  trace = false;
  readonly listeners = new Set<(happening: ControlHappening) => void>();
  /** What each session holds, by `session selection`. */
  readonly held = new Map<string, { contents: readonly HeldContent[]; share: boolean }>();
  problems: readonly string[] = [];
  /** Signals of the contents that were asked for. */
  readonly signals: AbortSignal[] = [];
  /** Contents that never come. */
  stalled = false;
  /** Contents that were left before their end. */
  left = 0;

  get eligible() {
    if (this.policy === 'off') return { session: null, reason: 'policy-off' } as const;
    if (this.policy === 'active') return { session: 1, reason: 'newest' } as const;
    return { session: Number(this.policy.slice('pinned:'.length)), reason: 'pinned' } as const;
  }

  setPolicy(policy: string): void {
    const pinned = /^pinned:(.*)$/.exec(policy)?.[1];
    if (pinned !== undefined) this.#session(Number(pinned));
    this.policy = policy;
  }

  status(): ReturnType<ControlTarget['status']> {
    const { policy, eligible, logLevel } = this;
    return {
      version: '0.1.0',
      pid: 4711,
      since: 1_700_000_000_000,
      port: { name: 'unix:/run/port', state: 'open', since: 1_700_000_000_100, lastError: null },
      host: {
        attached: true,
        kind: 'qemu',
        capabilities: ['clipboard-by-demand', 'clipboard-selection'],
        clipboard: true,
        maxClipboard: null,
      },
      hostCalls: null,
      relay: {
        socket: '/run/clipmux/vdagent.sock',
        problem: null,
        connected: false,
        since: 1_700_000_000_000,
        capabilities: [],
      },
      policy,
      eligible,
      logind: { available: false, reason: 'told not to ask', active: null },
      owners: {
        clipboard: { kind: 'session', session: 1, types: ['text/plain;charset=utf-8'] },
        primary: { kind: 'nobody', types: [] },
      },
      sessions: 2,
      settings: {
        files: [],
        direction: { clipboard: 'both', primary: 'host-to-guest' },
        types: { hostToGuest: null, guestToHost: null },
        maxBytes: { hostToGuest: 1024, guestToHost: 2048 },
        withholdSecrets: true,
        logLevel,
      },
      warnings: ['logind is not asked'],
      errors: [{ at: 1_700_000_000_200, message: 'something failed' }],
    };
  }

  sessions(): readonly SessionEntry[] {
    return [1, 2].map((id) => ({
      id,
      uid: 1000 + id,
      user: `user${id}`,
      pid: 100 + id,
      display: `:${id}`,
      logind: null,
      agent: { name: 'clipmux-session', version: '0.1.0' },
      since: 1_700_000_000_000 + id,
      eligible: id === this.eligible.session,
      offers: { clipboard: id === 1 ? ['text/plain;charset=utf-8'] : null, primary: null },
      counters: { copies: id, pastes: 0, bytesToHost: 10, bytesToSession: 20, refused: 0 },
    }));
  }

  targets({ session, selection }: Whose): SelectionContent {
    const id = this.#session(session);
    const held = this.held.get(`${id} ${selection}`);
    if (held === undefined) return { session: id, selection, owner: 'nobody', types: [] };
    return { session: id, selection, owner: 'held', types: held.contents.map(({ type }) => type) };
  }

  async content({ session, selection }: Whose, type: string, signal: AbortSignal): Promise<ControlContent> {
    this.signals.push(signal);
    const held = this.held.get(`${this.#session(session)} ${selection}`);
    if (held === undefined) throw new RpcError('no-owner', 'nobody owns the selection');
    const content = held.contents.find((each) => each.type === type);
    if (content === undefined) throw new RpcError('type-unavailable', 'the owner does not offer this type');
    return { type, size: content.bytes.length, pieces: this.#pieces(content.bytes) };
  }

  hold({ session, selection }: Whose, contents: readonly HeldContent[], share: boolean): number {
    const id = this.#session(session);
    this.held.set(`${id} ${selection}`, { contents, share });
    return id;
  }

  async clear({ session, selection }: Whose): Promise<number> {
    const id = this.#session(session);
    this.held.delete(`${id} ${selection}`);
    return id;
  }

  subscribe(listener: (happening: ControlHappening) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(happening: ControlHappening): void {
    for (const listener of this.listeners) listener(happening);
  }

  configText(): string {
    return 'policy = "active"\n';
  }

  reloadConfig() {
    if (this.problems.length === 0) return { changed: ['policy', 'port'], restart: ['port'] };
    throw new RpcError('invalid-config', `${this.problems.length} problems`, { details: this.problems });
  }

  #session(id: number | undefined): number {
    const meant = id ?? this.eligible.session;
    if (meant === 1 || meant === 2) return meant;
    throw new RpcError('no-such-session', meant === null ? 'no session takes part' : `there is no session ${meant}`);
  }

  #pieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
    return {
      [Symbol.asyncIterator]: () => {
        let at = 0;
        return {
          next: async () => {
            if (this.stalled) return new Promise(() => {});
            if (at >= bytes.length) return { done: true, value: undefined };
            const value = bytes.subarray(at, at + 1000);
            at += value.length;
            return { done: false, value };
          },
          return: async () => {
            this.left += 1;
            return { done: true, value: undefined };
          },
        };
      },
    };
  }
}
