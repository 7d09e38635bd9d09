import type { ControlHappening, RpcErrorName } from '@clipmux/rpc';
import type { Owner, Selection } from '../arbiter/index.ts';
import type { MultiplexerObserver, Outcome, RequestReport } from '../exchange/index.ts';
import type { SessionRegistry } from '../sessions/index.ts';

/** Errors that are kept for `clipmuxctl status` and `doctor`: enough to see a pattern. */
export const RECENT_ERRORS_MAX = 20;

/** An error that is remembered. `at`: milliseconds since 1970. */
export interface RecentError {
  readonly at: number;
  readonly message: string;
}

/** Tells those who watch what happens, counts it, and remembers the last errors. Never sees content. */
export class Happenings implements MultiplexerObserver {
  readonly #registry: SessionRegistry;
  readonly #now: () => number;
  readonly #listeners = new Set<(happening: ControlHappening) => void>();
  #errors: readonly RecentError[] = [];

  constructor(registry: SessionRegistry, now: () => number) {
    this.#registry = registry;
    this.#now = now;
  }

  /** The last errors, oldest first. */
  get errors(): readonly RecentError[] {
    return this.#errors;
  }

  /** Calls back with everything that happens, until the returned function is called. */
  subscribe(listener: (happening: ControlHappening) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(happening: ControlHappening): void {
    for (const listener of this.#listeners) listener(happening);
  }

  failed(message: string): void {
    this.#errors = [...this.#errors, { at: this.#now(), message }].slice(-RECENT_ERRORS_MAX);
    this.tell({ kind: 'error', message });
  }

  ownerChanged(selection: Selection, owner: Owner): void {
    if (this.#listeners.size > 0) this.tell({ kind: 'owner', selection, owner: toWire(owner) });
  }

  asked(report: RequestReport): void {
    if (this.#listeners.size > 0) this.tell({ kind: 'request', ...report });
  }

  answered({ request, by, session }: RequestReport, outcome: Outcome): void {
    const refused = 'refused' in outcome;
    const size = refused ? null : outcome.size;
    this.tell({ kind: 'answer', request, size, error: refused ? toErrorName(outcome.refused) : null });
    const counters = session === null ? undefined : this.#registry.get(session)?.counters;
    if (!counters) return;
    if (size === null) counters.refused += 1;
    else if (by === 'host') counters.bytesToHost += size;
    else {
      counters.pastes += 1;
      counters.bytesToSession += size;
    }
  }
}

/** An owner as the control socket tells it. */
export function toWire(owner: Owner): { kind: Owner['kind']; session?: number; types: string[] } {
  if (owner.kind === 'nobody') return { kind: 'nobody', types: [] };
  const types = [...owner.types];
  return owner.kind === 'host' ? { kind: 'host', types } : { kind: owner.kind, session: owner.session, types };
}

function toErrorName(reason: Extract<Outcome, { refused: unknown }>['refused']): RpcErrorName {
  switch (reason) {
    case 'owner-failed':
      return 'owner-refused';
    case 'ownership-ended':
      return 'owner-died';
    default:
      return reason;
  }
}
