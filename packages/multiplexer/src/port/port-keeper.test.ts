import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { createLogger } from '@clipmux/posix';
import { describe, expect, it } from 'vitest';
import { PortError } from './port-error.ts';
import { type PortCloseReason, PortKeeper } from './port-keeper.ts';
import type { PortTransport } from './transport.ts';

/** Opens what it is told to, when it is told to. */
class FakeTransport implements PortTransport {
  readonly name = 'unix:/fake';
  readonly retryCeiling = 1_000;
  readonly attempts: {
    resolve: (stream: PassThrough) => void;
    reject: (error: unknown) => void;
    signal: AbortSignal;
  }[] = [];
  released = 0;

  open(signal: AbortSignal): Promise<PassThrough> {
    return new Promise((resolve, reject) => {
      this.attempts.push({ resolve, reject, signal });
    });
  }

  release(): void {
    this.released++;
  }
}

class FakeTimers {
  now = 0;
  readonly pending = new Map<object, { at: number; callback: () => void }>();

  set(callback: () => void, milliseconds: number): object {
    const handle = {};
    this.pending.set(handle, { at: this.now + milliseconds, callback });
    return handle;
  }

  clear(handle: object): void {
    this.pending.delete(handle);
  }

  /** The waits under way. */
  get waits(): number[] {
    return [...this.pending.values()].map(({ at }) => at - this.now);
  }

  advance(milliseconds: number): void {
    this.now += milliseconds;
    for (const [handle, { at, callback }] of [...this.pending]) {
      if (at > this.now) continue;
      this.pending.delete(handle);
      callback();
    }
  }
}

function setUp() {
  const transport = new FakeTransport();
  const timers = new FakeTimers();
  const lines: string[] = [];
  const logger = createLogger({ name: 'port', journald: true, write: (line) => lines.push(line) });
  const keeper = new PortKeeper({
    transport,
    logger,
    timers: {
      set: (callback, delay) => timers.set(callback, delay),
      clear: (handle) => timers.clear(handle as object),
    },
    now: () => timers.now,
    random: () => 1,
  });
  const opened: unknown[] = [];
  const closed: PortCloseReason[] = [];
  keeper.on('open', (stream) => opened.push(stream));
  keeper.on('close', (reason) => closed.push(reason));
  /** Lets the attempt under way succeed. */
  const succeed = async () => {
    const stream = new PassThrough();
    transport.attempts.at(-1)?.resolve(stream);
    await turn();
    return stream;
  };
  const fail = async (code: 'missing' | 'refused' | 'host-absent') => {
    transport.attempts.at(-1)?.reject(new PortError(code, `it is ${code}`));
    await turn();
  };
  return { transport, timers, keeper, opened, closed, lines, succeed, fail };
}

describe('PortKeeper', () => {
  it('opens the port and hands its stream over, with no timer running', async () => {
    const { keeper, opened, timers, succeed } = setUp();
    expect(keeper.status.state).toBe('stopped');
    keeper.start();
    expect(keeper.status.state).toBe('opening');
    const stream = await succeed();
    expect(opened).toEqual([stream]);
    expect(keeper.status).toMatchObject({ name: 'unix:/fake', state: 'open', opened: 1, lastError: undefined });
    expect(timers.waits).toEqual([]);
  });

  it('starts once, however often it is told to', async () => {
    const { keeper, transport, succeed } = setUp();
    keeper.start();
    keeper.start();
    await succeed();
    keeper.start();
    expect(transport.attempts.length).toBe(1);
  });

  it('tries again ever more slowly while the port cannot be opened', async () => {
    const { keeper, transport, timers, fail } = setUp();
    keeper.start();
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 6; attempt++) {
      expect(transport.attempts.length).toBe(attempt);
      await fail('missing');
      waits.push(...timers.waits);
      timers.advance(timers.waits[0] as number);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(keeper.status).toMatchObject({ state: 'opening', failures: 6, lastError: { code: 'missing' } });
  });

  it('logs why it cannot open the port once, and again only when the reason changes or it was open meanwhile', async () => {
    const { keeper, timers, lines, succeed, fail } = setUp();
    keeper.start();
    for (const code of ['missing', 'missing', 'refused', 'refused', 'host-absent', 'host-absent'] as const) {
      await fail(code);
      timers.advance(1_000);
    }
    const stream = await succeed();
    stream.destroy();
    await turn();
    timers.advance(1_000);
    await fail('host-absent');
    const failures = lines
      .filter((line) => line.includes('it is'))
      .map((line) => line.slice(0, 3) + /it is (\S+)"/.exec(line)?.[1]);
    expect(failures).toEqual(['<4>missing', '<4>refused', '<6>host-absent', '<6>host-absent']);
  });

  it.each([
    ['ends', (stream: PassThrough) => stream.resume().end(), 'ended'],
    ['closes', (stream: PassThrough) => stream.destroy(), 'ended'],
    ['fails', (stream: PassThrough) => stream.destroy(new Error('broken')), 'failed'],
  ])('tells once that the port is closed when the stream %s, and destroys it', async (_, finish, kind) => {
    const { keeper, closed, timers, succeed } = setUp();
    keeper.start();
    const stream = await succeed();
    finish(stream);
    await turn();
    expect(closed.map((reason) => reason.kind)).toEqual([kind]);
    expect(stream.destroyed).toBe(true);
    expect(keeper.status.state).toBe('waiting');
    expect(timers.waits).toEqual([100]);
  });

  it('keeps the error of a stream that failed for the diagnosis', async () => {
    const { keeper, closed, timers, succeed } = setUp();
    keeper.start();
    const stream = await succeed();
    timers.advance(7);
    stream.destroy(new PortError('gone', 'it was unplugged'));
    await turn();
    expect(closed[0]).toMatchObject({ message: 'it was unplugged', error: { code: 'gone' } });
    expect(keeper.status.lastError).toEqual({ code: 'gone', message: 'it was unplugged', at: 7 });
  });

  it('opens again at once when the host closes after the handshake', async () => {
    const { keeper, closed, timers, opened, succeed, fail } = setUp();
    keeper.start();
    for (let attempt = 0; attempt < 4; attempt++) {
      await fail('host-absent');
      timers.advance(1_000);
    }
    const stream = await succeed();
    keeper.confirm();
    expect(keeper.status.confirmed).toBe(true);
    stream.resume().end();
    await turn();
    expect(closed.length).toBe(1);
    expect(timers.waits).toEqual([20]);
    timers.advance(20);
    await succeed();
    expect(opened.length).toBe(2);
    expect(keeper.status).toMatchObject({ state: 'open', confirmed: false, failures: 0 });
  });

  it('waits longer and longer when the host closes again and again before the handshake', async () => {
    const { keeper, timers, succeed } = setUp();
    keeper.start();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 4; attempt++) {
      (await succeed()).destroy();
      await turn();
      waits.push(...timers.waits);
      timers.advance(1_000);
    }
    expect(waits).toEqual([100, 200, 400, 800]);
  });

  it('closes and opens again when it is reset, and ignores what the old stream still does', async () => {
    const { keeper, closed, timers, opened, succeed } = setUp();
    keeper.start();
    const stream = await succeed();
    keeper.confirm();
    keeper.reset('a chunk made no sense');
    expect(stream.destroyed).toBe(true);
    expect(closed).toEqual([{ kind: 'reset', message: 'a chunk made no sense' }]);
    stream.emit('error', new Error('late'));
    stream.emit('end');
    await turn();
    timers.advance(20);
    await succeed();
    expect([closed.length, opened.length]).toEqual([1, 2]);
  });

  it('has nothing to reset or confirm while the port is not open', async () => {
    const { keeper, closed, transport, fail } = setUp();
    keeper.reset('stopped');
    keeper.start();
    keeper.confirm();
    keeper.reset('opening');
    await fail('missing');
    keeper.confirm();
    keeper.reset('waiting');
    expect([closed.length, transport.attempts.length, keeper.status.confirmed]).toEqual([0, 1, false]);
  });

  it('may be reset and stopped by the listeners of its own events', async () => {
    const { keeper, timers, closed, succeed } = setUp();
    keeper.once('open', () => keeper.reset('at once'));
    keeper.start();
    await succeed();
    expect(closed.map(({ kind }) => kind)).toEqual(['reset']);
    keeper.once('close', () => keeper.stop());
    timers.advance(1_000);
    const stream = await succeed();
    stream.destroy();
    await turn();
    expect(closed.map(({ kind }) => kind)).toEqual(['reset', 'ended']);
    expect(keeper.status.state).toBe('stopped');
    expect(timers.waits).toEqual([]);
  });

  it('stops while open: the stream is destroyed, and nothing is opened any more', async () => {
    const { keeper, closed, timers, transport, succeed } = setUp();
    keeper.start();
    const stream = await succeed();
    keeper.stop();
    keeper.stop();
    await turn();
    expect(stream.destroyed).toBe(true);
    expect(closed.map(({ kind }) => kind)).toEqual(['stopped']);
    expect(timers.waits).toEqual([]);
    expect([keeper.status.state, transport.released]).toEqual(['stopped', 1]);
  });

  it('stops while waiting', async () => {
    const { keeper, timers, transport, fail } = setUp();
    keeper.start();
    await fail('missing');
    keeper.stop();
    timers.advance(10_000);
    expect(transport.attempts.length).toBe(1);
  });

  it('stops while opening: the attempt is aborted, and a stream that comes nevertheless is destroyed', async () => {
    const { keeper, opened, closed, transport, succeed } = setUp();
    keeper.start();
    keeper.stop();
    expect(transport.attempts[0]?.signal.aborted).toBe(true);
    const stream = await succeed();
    expect(stream.destroyed).toBe(true);
    expect([opened.length, closed.length]).toEqual([0, 0]);
  });

  it('can be started again', async () => {
    const { keeper, opened, succeed } = setUp();
    keeper.start();
    await succeed();
    keeper.stop();
    keeper.start();
    await succeed();
    expect([opened.length, keeper.status.state]).toEqual([2, 'open']);
  });
});
