import { type Eligible, RpcError, type Selection, type SelectionContent, type SessionEntry } from '@clipmux/rpc';
import type { ControlContent, HeldContent, Whose } from '../../control/index.ts';
import type { Administration, Daemon } from '../../daemon/index.ts';
import type { Session } from '../../sessions/index.ts';
import type { CrossingRules, GuestAgentTarget, ProgramMethodCall } from './clipboard-access.ts';

/** clipmuxd as the guest agent's commands see it. */
export class DaemonTarget implements GuestAgentTarget {
  readonly #daemon: Daemon;
  readonly #administration: Administration;

  constructor(daemon: Daemon, administration: Administration) {
    this.#daemon = daemon;
    this.#administration = administration;
  }

  sessions(): readonly SessionEntry[] {
    return this.#administration.sessions();
  }

  get policy(): string {
    return this.#administration.policy;
  }

  setPolicy(policy: string): void {
    this.#administration.setPolicy(policy);
  }

  get eligible(): Eligible {
    return this.#administration.eligible;
  }

  targets(whose: Whose): SelectionContent {
    return this.#administration.targets(whose);
  }

  content(whose: Whose, type: string, signal: AbortSignal, unlimited: boolean): Promise<ControlContent> {
    return this.#administration.content(whose, type, signal, unlimited);
  }

  hold(whose: Whose, contents: readonly HeldContent[], share: boolean): number {
    return this.#administration.hold(whose, contents, share);
  }

  clear(whose: Whose): number {
    return this.#administration.clear(whose);
  }

  rules(selection: Selection): CrossingRules {
    const { settings, multiplexer } = this.#daemon;
    const { rules } = multiplexer.state;
    return {
      toHost: rules.toHost[selection],
      toSession: rules.toSession[selection],
      maxBytesToHost: settings.guestToHost.maxBytes,
      maxBytesToSession: settings.hostToGuest.maxBytes,
      withholdSecrets: rules.withholdSecrets,
    };
  }

  isSecret(session: number, selection: Selection): boolean {
    return this.#daemon.multiplexer.state.sessions.get(session)?.[selection].offer?.secret ?? false;
  }

  heldContent(session: number, selection: Selection): { readonly share: boolean } | undefined {
    return this.#daemon.multiplexer.state.sessions.get(session)?.[selection].held ?? undefined;
  }

  call(session: number, { method, params, timeoutMs }: ProgramMethodCall, signal: AbortSignal): Promise<unknown> {
    return this.#find(session).call(method, params, { timeoutMs, signal });
  }

  ping(session: number, timeoutMs: number): Promise<boolean> {
    return this.#find(session).isAlive(timeoutMs);
  }

  #find(id: number): Session {
    const registered = this.#daemon.registry.get(id);
    if (!registered?.connected) throw new RpcError('no-such-session', `no session has the id ${id}`);
    return registered.session;
  }
}
