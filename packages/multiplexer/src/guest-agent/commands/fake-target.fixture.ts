import { type Eligible, RpcError, type Selection, type SelectionContent, type SessionEntry } from '@clipmux/rpc';
import type { ControlContent, HeldContent, Whose } from '../../control/index.ts';
import type { CrossingRules, GuestAgentTarget, ProgramMethodCall } from './clipboard-access.ts';

type Held = { readonly share: boolean; readonly contents: readonly HeldContent[] };
const OPEN = { allowed: true, types: null };

/** Two sessions: 1, which takes part, with a program that owns the clipboard, and 2, which is locked. */
export class FakeTarget implements GuestAgentTarget {
  policy = 'active';
  eligible: Eligible = { session: 1, reason: 'newest' };
  crossing: CrossingRules = {
    toHost: OPEN,
    toSession: OPEN,
    maxBytesToHost: 1_000_000,
    maxBytesToSession: 1_000_000,
    withholdSecrets: true,
  };
  secret = false;
  /** What the programs own, by session and selection. */
  readonly owned = new Map<string, ReadonlyMap<string, Buffer>>([
    ['1 clipboard', new Map([['text/plain;charset=utf-8', Buffer.from('hello')]])],
    ['2 clipboard', new Map([['text/plain;charset=utf-8', Buffer.from('locked in')]])],
  ]);
  readonly held = new Map<string, Held>();
  /** Pieces that were asked for and not read. */
  unread = 0;
  /** Called while content is read. */
  reading: () => void = () => {};
  lastUnlimited: boolean | undefined;
  /** Sessions that were there. */
  readonly left = new Set<number>();

  sessions(): readonly SessionEntry[] {
    const entry = (id: number, locked: boolean): SessionEntry => ({
      id,
      uid: 1000,
      user: 'alice',
      pid: 1,
      display: `:${id}`,
      logind: { id: `c${id}`, uid: 1000, user: 'alice', seat: '', type: 'x11', class: 'user', active: !locked, locked },
      agent: { name: 'clipmux-session', version: '1' },
      since: 0,
      eligible: this.eligible.session === id,
      offers: { clipboard: null, primary: null },
      counters: { copies: 0, pastes: 0, bytesToHost: 0, bytesToSession: 0, refused: 0 },
    });
    return [entry(1, false), entry(2, true)].filter(({ id }) => !this.left.has(id));
  }

  setPolicy(policy: string): void {
    if (!/^(active|off|pinned:\d+)$/.test(policy)) throw new RpcError('invalid-params', 'policy must be …');
    this.policy = policy;
  }

  targets(whose: Whose): SelectionContent {
    const session = this.#session(whose);
    const { selection } = whose;
    const held = this.held.get(`${session} ${selection}`);
    if (held) {
      const types = held.contents.map(({ type }) => type);
      return { session, selection, owner: types.length > 0 ? 'held' : 'nobody', types };
    }
    const owned = this.owned.get(`${session} ${selection}`);
    return { session, selection, owner: owned ? 'program' : 'nobody', types: [...(owned?.keys() ?? [])] };
  }

  async content(whose: Whose, type: string, _signal: AbortSignal, unlimited: boolean): Promise<ControlContent> {
    this.lastUnlimited = unlimited;
    const session = this.#session(whose);
    const key = `${session} ${whose.selection}`;
    const held = this.held.get(key)?.contents.find((one) => one.type === type)?.bytes;
    const bytes = held ?? this.owned.get(key)?.get(type) ?? Buffer.alloc(0);
    this.unread += 1;
    return {
      type,
      size: bytes.length,
      pieces: {
        [Symbol.asyncIterator]: () => {
          let done = false;
          return {
            next: async () => {
              this.reading();
              if (done || bytes.length === 0) return { done: true, value: undefined };
              done = true;
              this.unread -= 1;
              return { done: false, value: bytes };
            },
            return: async () => {
              this.unread -= 1;
              return { done: true, value: undefined };
            },
          };
        },
      },
    };
  }

  hold(whose: Whose, contents: readonly HeldContent[], share: boolean): number {
    const session = this.#session(whose);
    this.held.set(`${session} ${whose.selection}`, { share, contents });
    return session;
  }

  clear(whose: Whose): number {
    return this.hold(whose, [], false);
  }

  rules(): CrossingRules {
    return this.crossing;
  }

  isSecret(): boolean {
    return this.secret;
  }

  heldContent(session: number, selection: Selection): Held | undefined {
    return this.held.get(`${session} ${selection}`);
  }

  /** What programs of sessions answer. */
  answer: (session: number, called: ProgramMethodCall, signal: AbortSignal) => Promise<unknown> = () => {
    throw new RpcError('not-served', 'no program of this session serves that');
  };

  async call(session: number, called: ProgramMethodCall, signal: AbortSignal): Promise<unknown> {
    return this.answer(session, called, signal);
  }

  async ping(session: number): Promise<boolean> {
    return session === 1;
  }

  #session({ session }: Whose): number {
    if (session === undefined) {
      if (this.eligible.session === null) throw new RpcError('no-such-session', 'no session takes part now');
      return this.eligible.session;
    }
    if (session > 2 || this.left.has(session))
      throw new RpcError('no-such-session', `no session has the id ${session}`);
    return session;
  }
}
