import {
  type CancelSignal,
  type ControlWire,
  parseServedReturn,
  RpcError,
  SERVED_CALLS_MAX,
  SERVED_METHODS_MAX,
  type SessionCall,
} from '@clipmux/rpc';
import { UNREAD_BYTES_MAX } from './limits.ts';

/** The connection of a program, as far as its methods go. */
export type ServingProgram = Pick<ControlWire, 'call' | 'notify' | 'backlog'>;

/** Which program of the session serves which method, and what is under way at each. A method has one server at a time. */
export class ServedMethods {
  readonly #servers = new Map<string, ServingProgram>();
  readonly #underWay = new Map<ServingProgram, number>();
  #lastCall = 0;

  /** The program serves these methods too. Where one cannot be, none is. @throws {RpcError} `already-served`, `limit-exceeded` */
  serve(program: ServingProgram, methods: readonly string[]): void {
    const own = new Set(methods);
    for (const method of methods) {
      const server = this.#servers.get(method);
      if (server && server !== program) {
        throw new RpcError('already-served', `another program of this session serves ${method}: end it first`);
      }
    }
    for (const [method, server] of this.#servers) if (server === program) own.add(method);
    if (own.size > SERVED_METHODS_MAX) {
      throw new RpcError('limit-exceeded', `a program may serve ${SERVED_METHODS_MAX} methods, not ${own.size}`);
    }
    for (const method of methods) this.#servers.set(method, program);
  }

  /** The program's connection is over: its methods are free. Its calls have failed with the connection. */
  left(program: ServingProgram): void {
    for (const [method, server] of this.#servers) if (server === program) this.#servers.delete(method);
  }

  /**
   * Calls the program that serves the method. One that is called in vain, because it is too slow or the call is taken back, is told.
   * @throws {RpcError} `not-served`, `program-error`, `program-left`, `timed-out`, `limit-exceeded`, and what the signal was aborted with
   */
  async call({ method, params, timeoutMs }: SessionCall, signal: CancelSignal): Promise<unknown> {
    const program = this.#servers.get(method);
    if (!program) throw notServed(method);
    const underWay = this.#underWay.get(program) ?? 0;
    if (underWay >= SERVED_CALLS_MAX) {
      throw new RpcError('limit-exceeded', `${underWay} calls are under way at the program that serves ${method}`);
    }
    if (program.backlog > UNREAD_BYTES_MAX) {
      throw new RpcError('limit-exceeded', `the program that serves ${method} does not read what it is sent`);
    }
    this.#underWay.set(program, underWay + 1);
    this.#lastCall += 1;
    const call = this.#lastCall;
    try {
      const sent = { call, method, params, ...(timeoutMs !== undefined && { timeoutMs }) };
      const options = { timeoutMs: timeoutMs ?? Number.POSITIVE_INFINITY, signal };
      return parseServedReturn(await program.call('session.call', sent, options));
    } catch (error) {
      throw this.#explain(program, call, { method, timeoutMs }, signal, error);
    } finally {
      const others = (this.#underWay.get(program) ?? 1) - 1;
      if (others > 0) this.#underWay.set(program, others);
      else this.#underWay.delete(program);
    }
  }

  #explain(
    program: ServingProgram,
    call: number,
    { method, timeoutMs }: Pick<SessionCall, 'method' | 'timeoutMs'>,
    signal: CancelSignal,
    error: unknown,
  ): unknown {
    if (!(error instanceof RpcError)) return error;
    const who = `the program that serves ${method}`;
    if (error.remote) {
      return new RpcError('program-error', `${who} answered with an error: ${error.message}`, {
        details: [error.message],
      });
    }
    if (signal.aborted || error.name === 'timed-out') {
      program.notify('session.cancel', { call });
      return signal.aborted ? error : new RpcError('timed-out', `${who} did not answer within ${timeoutMs} ms`);
    }
    if (error.name === 'protocol-error') {
      return new RpcError('program-error', `${who} answered with what is no answer: ${error.message}`);
    }
    return new RpcError(
      'program-left',
      `${who} went before it answered (${error.message}): whether it has done what was asked is unknown`,
    );
  }
}

/** What is said where nobody serves the method. */
export function notServed(method: string): RpcError {
  return new RpcError(
    'not-served',
    `no program of this session serves ${method}: start one (clipmuxctl session-serve)`,
  );
}
