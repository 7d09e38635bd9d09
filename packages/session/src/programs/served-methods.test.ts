import {
  type CallOptions,
  Cancellation,
  HOST_CALL_TIMEOUT_MAX_MS,
  RpcError,
  SERVED_CALLS_MAX,
  SERVED_METHODS_MAX,
} from '@clipmux/rpc';
import { beforeEach, describe, expect, it } from 'vitest';
import { UNREAD_BYTES_MAX } from './limits.ts';
import { ServedMethods, type ServingProgram } from './served-methods.ts';

interface Asked {
  readonly params: object;
  readonly options: CallOptions | undefined;
  answer(result: unknown): void;
  fail(error: Error): void;
}

/** A program that answers when the test says so. */
class FakeProgram implements ServingProgram {
  backlog = 0;
  readonly asked: Asked[] = [];
  readonly told: [string, object][] = [];

  call(_method: string, params: object, options?: CallOptions): Promise<unknown> {
    return new Promise((answer, fail) => this.asked.push({ params, options, answer, fail }));
  }

  notify(method: string, params: object): void {
    this.told.push([method, params]);
  }
}

let served: ServedMethods;
let program: FakeProgram;
let other: FakeProgram;
let cancellation: Cancellation;
const call = (method: string, params = {}, timeoutMs?: number): Promise<unknown> =>
  served.call({ method, params, ...(timeoutMs !== undefined && { timeoutMs }) }, cancellation);

beforeEach(() => {
  served = new ServedMethods();
  program = new FakeProgram();
  other = new FakeProgram();
  cancellation = new Cancellation();
});

describe('methods that programs serve', () => {
  it('are called at the program that serves them, each call by a number of its own', async () => {
    served.serve(program, ['a', 'b']);
    served.serve(other, ['c']);
    const calls = [call('a', { x: 1 }, 500), call('c'), call('b')];
    expect(program.asked.map(({ params }) => params)).toEqual([
      { call: 1, method: 'a', params: { x: 1 }, timeoutMs: 500 },
      { call: 3, method: 'b', params: {} },
    ]);
    expect(program.asked.map(({ options }) => options?.timeoutMs)).toEqual([500, Number.POSITIVE_INFINITY]);
    program.asked[1]?.answer({ return: 'b' });
    other.asked[0]?.answer({ return: ['c'] });
    program.asked[0]?.answer({ return: null });
    expect(await Promise.all(calls)).toEqual([null, ['c'], 'b']);
  });

  it('have one server: a second one is refused, with all that it names', async () => {
    served.serve(program, ['a']);
    expect(() => served.serve(other, ['b', 'a'])).toThrow(
      expect.objectContaining({ name: 'already-served', message: expect.stringContaining('serves a: end it first') }),
    );
    await expect(call('b')).rejects.toMatchObject({ name: 'not-served' });
    served.serve(program, ['a', 'b']);
    expect(() => served.serve(other, ['b'])).toThrow(/serves b/);
  });

  it('are free again once their program has left', async () => {
    served.serve(program, ['a']);
    served.left(program);
    await expect(call('a')).rejects.toMatchObject({
      name: 'not-served',
      message: expect.stringContaining('clipmuxctl session-serve'),
    });
    served.serve(other, ['a']);
    void call('a');
    expect(other.asked).toHaveLength(1);
  });

  it('are so many at most for one program, however it says so', () => {
    const names = Array.from({ length: SERVED_METHODS_MAX }, (_, number) => `m${number}`);
    served.serve(program, names);
    served.serve(program, names);
    expect(() => served.serve(program, ['one-more'])).toThrow(expect.objectContaining({ name: 'limit-exceeded' }));
    served.serve(other, ['one-more']);
  });
});

describe('a call of a program', () => {
  beforeEach(() => served.serve(program, ['a']));

  it.each([
    ['its own error', new RpcError('internal', 'no disk', { remote: true }), 'program-error', /error: no disk/],
    ['an answer that is none', null, 'program-error', /no answer: return must be given/],
    ['its end', new RpcError('connection-closed', 'it broke'), 'program-left', /whether it has done .* is unknown/],
    ['the end of the agent', new RpcError('shutting-down', 'the agent ends'), 'program-left', /the agent ends/],
  ])('that ends with %s says so', async (_what, error, name, message) => {
    const failed = expect(call('a')).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
    if (error) program.asked[0]?.fail(error);
    else program.asked[0]?.answer({ answer: 1 });
    await failed;
    expect(program.told).toEqual([]);
  });

  it('has the program’s message in its details', async () => {
    const failed = expect(call('a')).rejects.toMatchObject({ details: ['no disk'] });
    program.asked[0]?.fail(new RpcError('program-error', 'no disk', { remote: true }));
    await failed;
  });

  it('that takes too long, or is taken back, is told to the program', async () => {
    const late = expect(call('a', {}, 20)).rejects.toMatchObject({
      name: 'timed-out',
      message: 'the program that serves a did not answer within 20 ms',
    });
    program.asked[0]?.fail(new RpcError('timed-out', 'no answer to session.call'));
    await late;
    const back = expect(call('a', {}, HOST_CALL_TIMEOUT_MAX_MS)).rejects.toMatchObject({ name: 'cancelled' });
    const reason = new RpcError('cancelled', 'the call was taken back');
    cancellation.abort(reason);
    program.asked[1]?.fail(reason);
    await back;
    expect(program.told).toEqual([
      ['session.cancel', { call: 1 }],
      ['session.cancel', { call: 2 }],
    ]);
  });

  it('beyond the bound of a program is refused, and others can be called', async () => {
    served.serve(other, ['b']);
    const open = Array.from({ length: SERVED_CALLS_MAX }, () => call('a'));
    await expect(call('a')).rejects.toMatchObject({ name: 'limit-exceeded' });
    void call('b');
    expect(other.asked).toHaveLength(1);
    program.asked[3]?.answer({ return: 3 });
    expect(await open[3]).toBe(3);
    void call('a');
    expect(program.asked).toHaveLength(SERVED_CALLS_MAX + 1);
  });

  it('is refused where the program does not read', async () => {
    program.backlog = UNREAD_BYTES_MAX + 1;
    await expect(call('a')).rejects.toMatchObject({ name: 'limit-exceeded', message: /does not read/ });
    expect(program.asked).toEqual([]);
  });
});
