import type { LogLevel } from '@clipmux/posix';
import {
  type ControlHappening,
  type DirectionName,
  type Eligible,
  RpcError,
  type SelectionContent,
  type SessionEntry,
  type Status,
} from '@clipmux/rpc';
import { Capability } from '@clipmux/vdagent';
import type { Selection, SessionId } from '../arbiter/index.ts';
import { describeSettings } from '../config/index.ts';
import type { ControlContent, ControlTarget, HeldContent, Whose } from '../control/index.ts';
import { wholeContent } from '../exchange/index.ts';
import { formatPolicy, parsePolicy } from '../policy/index.ts';
import type { PortStatus } from '../port/index.ts';
import type { RegisteredSession } from '../sessions/index.ts';
import type { Daemon } from './daemon.ts';
import { toWire } from './happenings.ts';
import { selectionOwner } from './selection-owner.ts';

/** What clipmuxd shows to an administrator, and what one may do to it. */
export class Administration implements ControlTarget {
  readonly #daemon: Daemon;
  /** Reads the configuration anew; returns the keys that changed, or throws RpcError `invalid-config`. */
  readonly #reload: () => readonly string[];
  readonly #since = Date.now();
  #levelBeforeTrace: LogLevel = 'info';

  constructor(daemon: Daemon, reload: () => readonly string[]) {
    this.#daemon = daemon;
    this.#reload = reload;
  }

  status(): Omit<Status, 'protocol'> {
    const { keeper, multiplexer, registry, settings, happenings, version } = this.#daemon;
    const { state } = multiplexer;
    return {
      version,
      pid: process.pid,
      since: this.#since,
      port: portToWire(keeper.status),
      hostCalls: this.#hostCalls(),
      host: this.#host(),
      relay: this.#relay(),
      policy: this.policy,
      eligible: this.eligible,
      logind: this.#logind(),
      owners: { clipboard: toWire(state.ledger.clipboard), primary: toWire(state.ledger.primary) },
      sessions: registry.connected().length,
      settings: {
        files: [...this.#daemon.configFiles],
        direction: { clipboard: this.#direction('clipboard'), primary: this.#direction('primary') },
        types: { hostToGuest: copyOf(settings.hostToGuest.types), guestToHost: copyOf(settings.guestToHost.types) },
        maxBytes: { hostToGuest: settings.hostToGuest.maxBytes, guestToHost: settings.guestToHost.maxBytes },
        withholdSecrets: state.rules.withholdSecrets,
        logLevel: this.logLevel,
      },
      warnings: this.#warnings(),
      errors: [...happenings.errors],
    };
  }

  sessions(): readonly SessionEntry[] {
    return this.#daemon.registry.connected().map(([id, registered]) => this.#entry(id, registered));
  }

  get policy(): string {
    return formatPolicy(this.#daemon.eligibility.policy);
  }

  setPolicy(text: string): void {
    const policy = parsePolicy(text);
    if (!policy)
      throw new RpcError('invalid-params', 'policy must be "active", "off" or "pinned:" and the id of a session');
    if (policy.kind === 'pinned') this.#find(policy.session);
    this.#daemon.eligibility.policy = policy;
    this.#daemon.happenings.tell({ kind: 'policy', policy: this.policy });
  }

  get eligible(): Eligible {
    return this.#daemon.eligibility.choice;
  }

  targets(whose: Whose): SelectionContent {
    const session = this.#whose(whose);
    const { selection } = whose;
    const { ledger, rules } = this.#daemon.multiplexer.state;
    const toSession = rules.toSession[selection];
    const { owner, types } = selectionOwner(this.#selection(session, selection), ledger[selection], toSession);
    return { session, selection, owner, types };
  }

  /** @param unlimited whether the limit on what is taken from a session is passed */
  async content(whose: Whose, type: string, signal: AbortSignal, unlimited = false): Promise<ControlContent> {
    const session = this.#whose(whose);
    const { selection } = whose;
    const { multiplexer } = this.#daemon;
    const { owner, types } = this.targets(whose);
    if (owner === 'nobody') throw new RpcError('no-owner', `nothing owns ${selection} in session ${session}`);
    if (!types.includes(type)) throw new RpcError('type-unavailable', `${type} is not among the types offered`);
    if (owner === 'host') {
      const { size, content } = await multiplexer.requestFromSession(session, selection, type, signal);
      return { type, size, pieces: content instanceof Uint8Array ? wholeContent(content) : content };
    }
    if (owner === 'held') {
      const bytes = multiplexer.heldContent(session, selection, type);
      if (!bytes) throw new RpcError('no-owner', 'the content has just been replaced');
      return { type, size: bytes.length, pieces: wholeContent(bytes) };
    }
    const maxBytes = unlimited ? Number.MAX_SAFE_INTEGER : undefined;
    const { size, pieces } = await this.#find(session).session.request(selection, type, signal, maxBytes);
    return { type, size, pieces };
  }

  hold(whose: Whose, contents: readonly HeldContent[], share: boolean): number {
    const session = this.#whose(whose);
    const content = new Map(contents.map(({ type, bytes }) => [type, bytes]));
    this.#daemon.multiplexer.hold(session, whose.selection, content, share);
    return session;
  }

  clear(whose: Whose): number {
    return this.hold(whose, [], false);
  }

  subscribe(listener: (happening: ControlHappening) => void): () => void {
    return this.#daemon.happenings.subscribe(listener);
  }

  get logLevel(): LogLevel {
    return this.#daemon.logger.level;
  }

  set logLevel(level: LogLevel) {
    this.#daemon.logger.level = level;
  }

  get trace(): boolean {
    return this.logLevel === 'trace';
  }

  set trace(on: boolean) {
    if (on === this.trace) return;
    if (on) this.#levelBeforeTrace = this.logLevel;
    this.logLevel = on ? 'trace' : this.#levelBeforeTrace;
  }

  configText(): string {
    const { settingsInForce, awaitingRestart } = this.#daemon;
    const text = describeSettings(settingsInForce);
    if (awaitingRestart.length === 0) return text;
    return `${text}\n# Read, and in force when clipmuxd starts again: ${awaitingRestart.join(', ')}\n`;
  }

  reloadConfig(): { readonly changed: readonly string[]; readonly restart: readonly string[] } {
    return { changed: this.#reload(), restart: this.#daemon.awaitingRestart };
  }

  #host(): Status['host'] {
    const { hostLink, multiplexer } = this.#daemon;
    const { agreement } = hostLink;
    const { host } = multiplexer.state;
    return {
      attached: agreement !== null,
      kind: agreement?.kind ?? null,
      capabilities: agreement?.capabilities.names() ?? [],
      clipboard: agreement?.capabilities.has(Capability.CLIPBOARD_BY_DEMAND) ?? false,
      maxClipboard: host.phase === 'absent' ? null : host.maxClipboard,
    };
  }

  #hostCalls(): Status['hostCalls'] {
    const { hostCalls, settings } = this.#daemon;
    const { port, open } = hostCalls;
    return port && { port: portToWire(port), open, allowed: [...settings.hostCalls.allow] };
  }

  #relay(): Status['relay'] {
    const { capabilities, ...status } = this.#daemon.relay.status;
    return { ...status, capabilities: capabilities.names() };
  }

  #logind(): Status['logind'] {
    const { logins } = this.#daemon;
    const active = logins.seatActiveSession();
    return {
      available: logins.knowledge === 'known',
      reason: logins.reason,
      active: active && { ...active, active: true },
    };
  }

  #direction(selection: Selection): DirectionName {
    const { toHost, toSession } = this.#daemon.multiplexer.state.rules;
    if (toHost[selection].allowed) return toSession[selection].allowed ? 'both' : 'guest-to-host';
    return toSession[selection].allowed ? 'host-to-guest' : 'off';
  }

  #warnings(): string[] {
    const { logins } = this.#daemon;
    if (logins.knowledge === 'lost')
      return ['logind has gone: who took part goes on, nobody else comes in their place'];
    if (logins.knowledge === 'none') return [this.#daemon.withoutLogind];
    return [];
  }

  #entry(id: SessionId, { session, counters }: RegisteredSession): SessionEntry {
    const { credentials, display, agent, since } = session.info;
    const login = this.#daemon.loginOf(session);
    const active = login !== null && this.#daemon.logins.isActive(login.id);
    const { clipboard, primary } = this.#daemon.multiplexer.state.sessions.get(id) ?? {};
    return {
      id,
      uid: credentials.uid,
      user: login?.user ?? String(credentials.uid),
      pid: credentials.pid,
      display,
      logind: login && { ...login, active },
      agent,
      since,
      eligible: this.eligible.session === id,
      offers: { clipboard: copyOf(clipboard?.offer?.types ?? null), primary: copyOf(primary?.offer?.types ?? null) },
      counters: { ...counters },
    };
  }

  #whose({ session }: Whose): SessionId {
    if (session !== undefined) {
      this.#find(session);
      return session;
    }
    const eligible = this.eligible.session;
    if (eligible === null)
      throw new RpcError('no-such-session', `no session takes part now (${this.eligible.reason}): name one`);
    return eligible;
  }

  #find(id: SessionId): RegisteredSession {
    const registered = this.#daemon.registry.get(id);
    if (!registered?.connected) throw new RpcError('no-such-session', `no session has the id ${id}`);
    return registered;
  }

  #selection(session: SessionId, selection: Selection) {
    const selections = this.#daemon.multiplexer.state.sessions.get(session);
    if (!selections) throw new RpcError('no-such-session', `no session has the id ${session}`);
    return selections[selection];
  }
}

function copyOf(types: readonly string[] | null): string[] | null {
  return types && [...types];
}

function portToWire({ name, state, since, lastError }: PortStatus): Status['port'] {
  return { name, state, since, lastError: lastError ?? null };
}
