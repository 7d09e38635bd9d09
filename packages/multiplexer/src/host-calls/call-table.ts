import { HOST_CALLS_PER_SESSION_MAX, HOST_RETURN_BYTES_MAX, jsonProblem, RpcError } from '@clipmux/rpc';
import type { SessionId } from '../arbiter/index.ts';
import { OPEN_CALLS_MAX, WAITING_BYTES_MAX } from './limits.ts';
import { type CallId, formatCall, type HostOutcome } from './messages.ts';

/** What happens to calls. `call` is the number of a call on the port, given by whoever makes the event: each greater than the last. */
export type CallEvent =
  /** The host is there, and takes bytes. */
  | { readonly event: 'attached' }
  | { readonly event: 'detached' }
  /** A session calls. `number` is what the session calls it. */
  | {
      readonly event: 'called';
      readonly call: number;
      readonly session: SessionId;
      readonly number: number;
      readonly method: string;
      readonly params: object;
      readonly timeoutMs: number;
    }
  | { readonly event: 'cancelled'; readonly session: SessionId; readonly number: number }
  | { readonly event: 'session-left'; readonly session: SessionId }
  /** The call's timer has fired. */
  | { readonly event: 'late'; readonly call: number }
  /** The host answered; `id` is null where it cannot be read. */
  | { readonly event: 'answered'; readonly id: CallId | null; readonly outcome: HostOutcome };

/** What is to be done about it. */
export type CallEffect =
  /** The call is over. */
  | { readonly effect: 'settle'; readonly call: number; readonly outcome: { readonly return: unknown } | RpcError }
  | { readonly effect: 'start-timer'; readonly call: number; readonly milliseconds: number }
  | { readonly effect: 'stop-timer'; readonly call: number }
  /** The host was asked, and nobody waits for its answer any more. */
  | { readonly effect: 'tell-host'; readonly id: CallId; readonly reason: CallEnd }
  /** An answer that nobody waits for. */
  | { readonly effect: 'dropped'; readonly id: CallId | null; readonly reason: string };

/** Why a call is over that the host has not answered. */
export type CallEnd = 'cancelled' | 'session-left' | 'timed-out';

interface OpenCall extends CallId {
  readonly number: number;
  /** Until it is sent. */
  line: string | null;
}

/**
 * The calls that sessions have open at the host. Pure: events in, effects out, and {@link nextLine} for whoever can write. Each call is settled
 * exactly once, by the host's answer to it or by what came between.
 */
export class CallTable {
  readonly #open = new Map<number, OpenCall>();
  #attached = false;
  #waitingBytes = 0;
  #lastCall = 0;
  #firstCall = 0;

  /** Open calls, sent or not. */
  get size(): number {
    return this.#open.size;
  }

  /** Bytes of calls that are not sent yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  handle(event: CallEvent): CallEffect[] {
    switch (event.event) {
      case 'attached':
        this.#attached = true;
        return [];
      case 'detached':
        this.#attached = false;
        return [...this.#open.values()].flatMap((one) =>
          this.#end(
            one,
            new RpcError('host-absent', `the host went away before it ${one.line ? 'read' : 'answered'} the call`),
          ),
        );
      case 'called':
        return this.#called(event);
      case 'cancelled': {
        const found = this.#find(event.session, event.number);
        return found ? this.#giveUp(found, 'cancelled', new RpcError('cancelled', 'the call was taken back')) : [];
      }
      case 'session-left':
        return [...this.#open.values()]
          .filter(({ session }) => session === event.session)
          .flatMap((one) =>
            this.#giveUp(one, 'session-left', new RpcError('connection-closed', 'the session has left')),
          );
      case 'late': {
        const found = this.#open.get(event.call);
        if (!found) return [];
        return this.#giveUp(found, 'timed-out', new RpcError('timed-out', 'the host did not answer in time'));
      }
      case 'answered':
        return this.#answered(event.id, event.outcome);
    }
  }

  /** The line to send next; from now on the host may have it. Undefined: there is none. */
  nextLine(): string | undefined {
    for (const one of this.#open.values()) {
      const { line } = one;
      if (line === null) continue;
      this.#forgetLine(one);
      return line;
    }
    return undefined;
  }

  #called({ call, session, number, method, params, timeoutMs }: CallEvent & { event: 'called' }): CallEffect[] {
    this.#firstCall ||= call;
    this.#lastCall = call;
    const line = formatCall({ session, call }, method, params);
    const objection = this.#objection(session, number, line);
    if (objection) return [{ effect: 'settle', call, outcome: objection }];
    this.#open.set(call, { session, call, number, line });
    this.#waitingBytes += Buffer.byteLength(line);
    return [{ effect: 'start-timer', call, milliseconds: timeoutMs }];
  }

  #objection(session: SessionId, number: number, line: string): RpcError | null {
    if (this.#find(session, number)) return new RpcError('invalid-params', 'call is the number of an open call');
    if (!this.#attached) return new RpcError('host-absent', 'nobody is at the host’s end of the port for calls');
    let own = 0;
    for (const one of this.#open.values()) if (one.session === session) own += 1;
    if (own >= HOST_CALLS_PER_SESSION_MAX)
      return new RpcError('limit-exceeded', `${own} calls of this session are open at the host`);
    if (this.#open.size >= OPEN_CALLS_MAX)
      return new RpcError('limit-exceeded', `${this.#open.size} calls are open at the host`);
    if (this.#waitingBytes + Buffer.byteLength(line) > WAITING_BYTES_MAX)
      return new RpcError('limit-exceeded', 'too much waits for the host, which does not read');
    return null;
  }

  #answered(id: CallId | null, outcome: HostOutcome): CallEffect[] {
    if (id === null) return [{ effect: 'dropped', id, reason: 'it names no call' }];
    const found = this.#open.get(id.call);
    // Not sent yet: the host cannot know it.
    if (!found || found.session !== id.session || found.line !== null) {
      const wasThere = !found && this.#firstCall > 0 && id.call >= this.#firstCall && id.call <= this.#lastCall;
      return [{ effect: 'dropped', id, reason: wasThere ? 'the call is over' : 'there is no such call' }];
    }
    return this.#end(found, settled(outcome));
  }

  /** Ends a call whose answer nobody waits for any more. A host that has it may be at work on it still, so it is told. */
  #giveUp(one: OpenCall, reason: CallEnd, error: RpcError): CallEffect[] {
    const { session, call, line } = one;
    const effects = this.#end(one, error);
    return line === null ? [...effects, { effect: 'tell-host', id: { session, call }, reason }] : effects;
  }

  #end(one: OpenCall, outcome: { readonly return: unknown } | RpcError): CallEffect[] {
    this.#forgetLine(one);
    this.#open.delete(one.call);
    return [
      { effect: 'stop-timer', call: one.call },
      { effect: 'settle', call: one.call, outcome },
    ];
  }

  #forgetLine(one: OpenCall): void {
    if (one.line !== null) this.#waitingBytes -= Buffer.byteLength(one.line);
    one.line = null;
  }

  #find(session: SessionId, number: number): OpenCall | undefined {
    for (const one of this.#open.values()) if (one.session === session && one.number === number) return one;
    return undefined;
  }
}

function settled(outcome: HostOutcome): { readonly return: unknown } | RpcError {
  if ('error' in outcome) {
    const { class: errorClass, description } = outcome.error;
    return new RpcError('host-error', `the host answered with an error: ${description}`, {
      details: [errorClass, description],
    });
  }
  const problem = jsonProblem(outcome.return, HOST_RETURN_BYTES_MAX);
  return problem === undefined ? outcome : new RpcError('too-large', `what the host returned must ${problem}`);
}
