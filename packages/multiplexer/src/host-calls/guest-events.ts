import { stringifyJson } from '@clipmux/guest-agent';
import type { ControlHappening } from '@clipmux/rpc';
import type { CallEnd } from './call-table.ts';
import type { CallId } from './messages.ts';

/** Something that the host is told without having asked. */
export interface GuestEvent {
  readonly event:
    | 'READY'
    | 'SESSION_ADDED'
    | 'SESSION_REMOVED'
    | 'ACTIVE_CHANGED'
    | 'CLIPBOARD_OWNER_CHANGED'
    | 'CALL_ENDED'
    | 'EVENTS_LOST';
  readonly data: Readonly<Record<string, unknown>>;
  /** What it is the state of: a newer event takes the place of one that waits. Null: each counts. */
  readonly stateOf: string | null;
}

/** What a happening is to the host; null for what is none of its business. Ids, displays, types; never content. */
export function toGuestEvent(happening: ControlHappening): GuestEvent | null {
  switch (happening.kind) {
    case 'session-added': {
      const { session, uid, display } = happening;
      return { event: 'SESSION_ADDED', data: { session, uid, display }, stateOf: null };
    }
    case 'session-removed':
      return { event: 'SESSION_REMOVED', data: { session: happening.session }, stateOf: null };
    case 'eligible': {
      const { session, reason } = happening;
      return { event: 'ACTIVE_CHANGED', data: { session, reason }, stateOf: 'active' };
    }
    case 'owner': {
      const { selection, owner } = happening;
      const { kind, session, types } = owner;
      const data = { selection, owner: kind, session: session ?? null, types };
      return { event: 'CLIPBOARD_OWNER_CHANGED', data, stateOf: `owner of ${selection}` };
    }
    default:
      return null;
  }
}

/** A call of a session that the host was asked, and whose answer nobody waits for any more. */
export function callEnded({ session, call }: CallId, reason: CallEnd): GuestEvent {
  return { event: 'CALL_ENDED', data: { session, call, reason }, stateOf: null };
}

/** Events that wait for the host to read, oldest first: a bounded number of them. Pure. */
export class EventQueue {
  readonly #most: number;
  #waiting: { readonly stateOf: string | null; readonly line: string }[] = [];
  #lost = 0;

  /** @param most events that may wait; states, of which there are few, come in addition */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.length;
  }

  /** @param now milliseconds since 1970 */
  push({ event, data, stateOf }: GuestEvent, now: number): void {
    if (stateOf !== null) this.#waiting = this.#waiting.filter((waiting) => waiting.stateOf !== stateOf);
    // Once one was left out all are, until that is told: the host can tell what it has missed from what came after.
    else if (this.#lost > 0 || this.#waiting.length >= this.#most) {
      this.#lost += 1;
      return;
    }
    this.#waiting.push({ stateOf, line: formatEvent(event, data, now) });
  }

  /** Takes the next line; undefined if there is none. */
  shift(now: number): string | undefined {
    const next = this.#waiting.shift();
    if (next) return next.line;
    if (this.#lost === 0) return undefined;
    const count = this.#lost;
    this.#lost = 0;
    return formatEvent('EVENTS_LOST', { count }, now);
  }

  /** Nobody is there any more to be told. */
  clear(): void {
    this.#waiting = [];
    this.#lost = 0;
  }
}

/** An event as QMP has them: https://www.qemu.org/docs/master/interop/qmp-spec.html#asynchronous-events */
function formatEvent(event: string, data: object, now: number): string {
  const timestamp = { seconds: Math.floor(now / 1000), microseconds: Math.round((now % 1000) * 1000) };
  return `${stringifyJson({ event, data, timestamp })}\n`;
}
