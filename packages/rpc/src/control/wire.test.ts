import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type CancelSignal, type PeerMethod, RpcError } from '../peer/index.ts';
import { settle, streamPair } from '../session/testing.ts';
import { CONTROL_CALLS_MAX, CONTROL_LINE_BYTES_MAX } from './limits.ts';
import { ControlWire } from './wire.ts';

const call = (handle: PeerMethod['handle']): PeerMethod => ({ kind: 'call', parse: (params) => params, handle });

interface Script {
  readonly stream: Duplex;
  readonly closed: Promise<RpcError>;
  readonly wire: ControlWire;
  say(text: string): void;
  lines(): unknown[];
}

/** A script on one end of the wire, which writes and sees bare lines. */
function serve(methods: Readonly<Record<string, PeerMethod['handle']>>): Script {
  const [stream, far] = streamPair();
  let over: (error: RpcError) => void = () => {};
  const closed = new Promise<RpcError>((resolve) => {
    over = resolve;
  });
  const wire = new ControlWire(far, {
    role: 'server',
    methods: new Map(Object.entries(methods).map(([name, handle]) => [name, call(handle)])),
    closed: over,
  });
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  stream.on('error', () => {});
  return {
    stream,
    closed,
    wire,
    say: (line) => stream.write(line),
    lines: () =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as unknown),
  };
}

const ECHO = { echo: (params: unknown) => params };

describe('ControlWire as a server', () => {
  it('answers a call on its line, as bytes', async () => {
    const script = serve(ECHO);
    const [bytes] = await Promise.all([
      once(script.stream, 'data'),
      script.say('{"jsonrpc":"2.0","id":1,"method":"echo","params":{"a":"ä"}}\n'),
    ]);
    expect(String(bytes)).toBe('{"jsonrpc":"2.0","id":1,"result":{"a":"ä"}}\n');
  });

  it('answers what is not JSON, not UTF-8 or no request with an error without id, and goes on', async () => {
    const script = serve(ECHO);
    script.say('hello\n');
    script.stream.write(Buffer.from([0x22, 0xff, 0x22, 0x0a]));
    script.say('[1]\n{"jsonrpc":"1.0","id":1,"method":"echo"}\n{"jsonrpc":"2.0","method":"echo"}\n');
    script.say('\n\r\n{"jsonrpc":"2.0","id":"last","method":"echo","params":{}}\r\n');
    await settle();
    expect(script.lines()).toMatchObject([
      { id: null, error: { code: -32700, data: { name: 'parse-error' } } },
      { id: null, error: { code: -32700, data: { name: 'parse-error' } } },
      { id: null, error: { code: -32600, data: { name: 'invalid-request' } } },
      { id: null, error: { code: -32600, data: { name: 'invalid-request' } } },
      { id: null, error: { code: -32600, data: { name: 'invalid-request' } } },
      { id: 'last', result: {} },
    ]);
  });

  it('does not answer a complaint with a complaint', async () => {
    const script = serve(ECHO);
    script.say('{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}\n');
    script.say('{"jsonrpc":"2.0","id":1,"method":"echo","params":{}}\n');
    await settle();
    expect(script.lines()).toMatchObject([{ id: 1, result: {} }]);
  });

  it('ends the connection over a line that is too long, and says so', async () => {
    const script = serve(ECHO);
    script.say('x'.repeat(CONTROL_LINE_BYTES_MAX + 1));
    expect(await script.closed).toMatchObject({ name: 'too-large' });
    await settle();
    expect(script.lines()).toMatchObject([{ id: null, error: { data: { name: 'too-large' } } }]);
  });

  it('works on a few calls at once and leaves the others in the stream; none is refused', async () => {
    const waiting: (() => void)[] = [];
    const script = serve({ slow: () => new Promise<object>((resolve) => waiting.push(() => resolve({}))) });
    const count = 3 * CONTROL_CALLS_MAX;
    for (let id = 1; id <= count; id += 1) script.say(`{"jsonrpc":"2.0","id":${id},"method":"slow"}\n`);
    await settle();
    expect(waiting).toHaveLength(CONTROL_CALLS_MAX);
    for (let done = 0; done < count; done += 1) {
      waiting.shift()?.();
      await settle();
      expect(waiting.length).toBeLessThanOrEqual(CONTROL_CALLS_MAX);
    }
    expect(script.lines()).toHaveLength(count);
    expect(script.lines()).not.toContainEqual(expect.objectContaining({ error: expect.anything() }));
  });

  it('reads no further while answers wait for their reader', async () => {
    const [stream, far] = streamPair();
    let served = 0;
    const big = 'x'.repeat(CONTROL_LINE_BYTES_MAX - 1000);
    new ControlWire(far, {
      role: 'server',
      methods: new Map([['big', call(() => ({ served: ++served, big }))]]),
      closed: () => {},
    });
    for (let id = 1; id <= 20; id += 1) stream.write(`{"jsonrpc":"2.0","id":${id},"method":"big"}\n`);
    await settle();
    expect(served).toBeLessThanOrEqual(2 + CONTROL_CALLS_MAX);
    let lines = 0;
    const all = new Promise<void>((resolve) =>
      stream.on('data', (chunk: Buffer) => {
        for (const byte of chunk) if (byte === 0x0a && ++lines === 20) resolve();
      }),
    );
    await all;
    expect(served).toBe(20);
  });

  it('aborts what is being worked on when the connection breaks', async () => {
    let signal: CancelSignal | undefined;
    const [stream, far] = streamPair();
    new ControlWire(far, {
      role: 'server',
      methods: new Map([
        [
          'slow',
          {
            kind: 'call' as const,
            parse: () => ({}),
            handle: (_params: unknown, context) => {
              signal = context.signal;
              return new Promise(() => {});
            },
          },
        ],
      ]),
      closed: () => {},
    });
    stream.write('{"jsonrpc":"2.0","id":1,"method":"slow"}\n');
    await settle();
    far.destroy(new Error('reset'));
    await settle();
    expect(signal?.aborted).toBe(true);
  });
});

describe('ControlWire as a client', () => {
  it('fails its calls with what the server says to the connection as a whole', async () => {
    const [near, far] = streamPair();
    let reason: RpcError | undefined;
    const client = new ControlWire(near, {
      role: 'client',
      methods: new Map(),
      closed: (error) => {
        reason = error;
      },
    });
    const answer = client.call('status', {});
    const error = new RpcError('denied', 'not you').toWire();
    far.write(`${JSON.stringify({ jsonrpc: '2.0', id: null, error })}\n`);
    await expect(answer).rejects.toMatchObject({ name: 'denied', message: 'not you', remote: true });
    expect(reason).toMatchObject({ name: 'denied' });
  });

  it('gives up a server that talks nonsense', async () => {
    const [near, far] = streamPair();
    const client = new ControlWire(near, { role: 'client', methods: new Map(), closed: () => {} });
    const answer = client.call('status', {});
    far.write('HTTP/1.1 400 Bad Request\r\n');
    await expect(answer).rejects.toMatchObject({ name: 'protocol-error' });
  });

  it('fails its calls when the server goes', async () => {
    const [near, far] = streamPair();
    const client = new ControlWire(near, { role: 'client', methods: new Map(), closed: () => {} });
    const answer = client.call('status', {});
    far.end();
    await expect(answer).rejects.toMatchObject({ name: 'connection-closed' });
  });
});
