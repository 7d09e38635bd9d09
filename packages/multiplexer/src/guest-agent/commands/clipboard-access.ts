import { RpcError, type Selection, type SessionCall, type SessionEntry } from '@clipmux/rpc';
import type { DirectionRule } from '../../arbiter/index.ts';
import type { ControlContent, ControlTarget, HeldContent, Whose } from '../../control/index.ts';
import { leave } from '../../exchange/contracts.ts';

/** What may cross, for one selection. */
export interface CrossingRules {
  readonly toHost: DirectionRule;
  readonly toSession: DirectionRule;
  /** Bytes of one content. */
  readonly maxBytesToHost: number;
  readonly maxBytesToSession: number;
  readonly withholdSecrets: boolean;
}

/** What the commands need of clipmuxd. */
export interface GuestAgentTarget
  extends Pick<ControlTarget, 'sessions' | 'policy' | 'setPolicy' | 'eligible' | 'targets' | 'hold' | 'clear'> {
  /** As {@link ControlTarget.content}. @param unlimited whether a session's size limit is passed */
  content(whose: Whose, type: string, signal: AbortSignal, unlimited: boolean): Promise<ControlContent>;
  rules(selection: Selection): CrossingRules;
  /** Whether a program in the session marks what it offers as a password. */
  isSecret(session: number, selection: Selection): boolean;
  /** What an administrator has set there: the same object for as long as it is the same content. Undefined where nothing is. */
  heldContent(session: number, selection: Selection): { readonly share: boolean } | undefined;
  /**
   * Calls the program that serves a method in the session.
   * @returns any JSON
   * @throws {RpcError} `no-such-session`, and as `Session.call`
   */
  call(session: number, called: ProgramMethodCall, signal: AbortSignal): Promise<unknown>;
  /** Whether the session's agent answers within so many ms. @throws {RpcError} `no-such-session` */
  ping(session: number, timeoutMs: number): Promise<boolean>;
}

/** A call of a method that a program of a session serves. */
export type ProgramMethodCall = SessionCall & { readonly timeoutMs: number };

/** One form of a content, by its MIME type, with its bytes. */
export interface TypeAndSize {
  readonly type: string;
  readonly size: number;
}

/** What a selection holds, as far as the host may know. */
export interface VisibleContent {
  readonly session: number;
  readonly selection: Selection;
  readonly owner: 'program' | 'host' | 'held' | 'nobody';
  readonly types: readonly string[];
}

/** All types but those that may not cross. */
type Permit = (rule: DirectionRule, types: readonly string[]) => readonly string[];

/**
 * Sessions' selections, for whoever is at the host's end. What holds for copy and paste holds here: only the session that takes part, which
 * is never a locked one, and only what may cross in that direction. With `privileged` nothing of this holds.
 */
export class ClipboardAccess {
  readonly #target: GuestAgentTarget;
  readonly #privileged: () => boolean;
  readonly #permitted: Permit;
  /** What was set from here, so that who set it may read it again. */
  readonly #own = new WeakSet<object>();

  constructor(target: GuestAgentTarget, permitted: Permit, privileged: () => boolean) {
    this.#target = target;
    this.#permitted = permitted;
    this.#privileged = privileged;
  }

  get privileged(): boolean {
    return this.#privileged();
  }

  /** @throws {RpcError} `no-such-session`, `denied` */
  targets(whose: Whose): VisibleContent {
    this.#check(whose);
    const { session, selection, owner, types } = this.#target.targets(whose);
    const visible = { session, selection };
    if (this.privileged || owner === 'nobody') return { ...visible, owner, types };
    const { toHost, withholdSecrets } = this.#target.rules(selection);
    if (!toHost.allowed) return { ...visible, owner: 'nobody', types: [] };
    if (owner === 'held') {
      const held = this.#target.heldContent(session, selection);
      if (held && !held.share && !this.#own.has(held)) return { ...visible, owner: 'nobody', types: [] };
    }
    if (owner === 'program' && withholdSecrets && this.#target.isSecret(session, selection)) {
      return { ...visible, owner: 'nobody', types: [] };
    }
    return { ...visible, owner, types: this.#permitted(toHost, types) };
  }

  /** @throws {RpcError} as {@link targets}; `no-owner`, `type-unavailable`, `too-large`, and what the owner fails with */
  async content(whose: Whose, type: string, signal: AbortSignal): Promise<ControlContent> {
    const { session, selection, owner, types } = this.targets(whose);
    const hidden = !this.privileged && !this.#target.rules(selection).toHost.allowed;
    if (hidden)
      throw new RpcError('denied', `${selection} may not go to the host: see its direction in the configuration`);
    if (owner === 'nobody')
      throw new RpcError('no-owner', `${selection} in session ${session} holds nothing for the host`);
    if (!types.includes(type)) throw new RpcError('type-unavailable', `${type} is not among the types offered`);
    const content = await this.#target.content({ session, selection }, type, signal, this.privileged);
    const { maxBytesToHost } = this.#target.rules(selection);
    if (this.privileged || content.size <= maxBytesToHost) return content;
    leave(content.pieces);
    throw new RpcError(
      'too-large',
      `the content has ${content.size} bytes; at most ${maxBytesToHost} may go to the host`,
    );
  }

  /**
   * That this may be set there, before all of it has come.
   * @returns the session that is meant now: who takes part may be another one when the rest has come
   * @throws {RpcError} `no-such-session`, `denied`, `too-large`
   */
  checkSet(whose: Whose, content: TypeAndSize): number {
    this.#check(whose);
    if (!this.privileged) this.#checkInbound(whose.selection, [content]);
    // It says whether the session is there, also to who may reach every one.
    return this.#target.targets(whose).session;
  }

  /** @throws {RpcError} `no-such-session`, `denied`, `too-large`. @returns the session that was meant */
  async set(whose: Whose, contents: readonly HeldContent[], share: boolean): Promise<number> {
    this.#check(whose);
    const { selection } = whose;
    if (!this.privileged) {
      const sizes = contents.map(({ type, bytes }) => ({ type, size: bytes.length }));
      this.#checkInbound(selection, sizes);
    }
    const session = await this.#target.hold(whose, contents, share);
    const held = this.#target.heldContent(session, selection);
    if (held) this.#own.add(held);
    return session;
  }

  /** @throws {RpcError} `no-such-session`, `denied`. @returns the session that was meant */
  async clear(whose: Whose): Promise<number> {
    this.#check(whose);
    if (!this.privileged) this.#checkInbound(whose.selection, []);
    return await this.#target.clear(whose);
  }

  /**
   * The session that is meant, if it may be used.
   * @param named undefined: the one that takes part
   * @throws {RpcError} `no-such-session`, `denied`
   */
  reach(named: number | undefined): number {
    this.#check({ session: named });
    const session = named ?? this.#target.eligible.session;
    if (session === null) throw new RpcError('no-such-session', 'no session takes part now: name one, or select one');
    return session;
  }

  /** That the session is there and may be used. Without `session` the target says which, or that there is none. */
  #check({ session }: Pick<Whose, 'session'>): void {
    if (session === undefined || this.privileged) return;
    const { eligible } = this.#target;
    if (eligible.session === session) return;
    const entry = this.#target.sessions().find(({ id }) => id === session);
    if (!entry) throw new RpcError('no-such-session', `no session has the id ${session}`);
    throw new RpcError('denied', refusal(entry));
  }

  #checkInbound(selection: Selection, contents: readonly TypeAndSize[]): void {
    const { toSession, maxBytesToSession } = this.#target.rules(selection);
    if (!toSession.allowed) {
      throw new RpcError('denied', `${selection} may not come from the host: see its direction in the configuration`);
    }
    for (const { type, size } of contents) {
      if (this.#permitted(toSession, [type]).length === 0) {
        throw new RpcError(
          'denied',
          `${type} may not come from the host: see host-to-guest.types in the configuration`,
        );
      }
      if (size > maxBytesToSession) {
        const limit = `at most ${maxBytesToSession} may come from the host`;
        throw new RpcError('too-large', `the content has ${size} bytes; ${limit}`);
      }
    }
  }
}

function refusal({ id, logind }: SessionEntry): string {
  if (logind?.locked) return `session ${id} is locked`;
  return `session ${id} does not take part: select it with guest-session-select, or see guest-agent.privileged`;
}
