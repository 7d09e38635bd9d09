import { type ContentAnswer, RPC_ERROR_CODES, type RpcErrorName } from '@clipmux/rpc';
import { DisplayError, SelectionError, type SelectionErrorCode } from '@clipmux/selections';
import { describe, expect, it } from 'vitest';
import { LARGE_CONTENT_BYTES, MAX_CONTENT_BYTES } from './limits.ts';
import { AgentWorld, settle } from './testing.ts';

const TEXT = 'text/plain;charset=utf-8';
const PNG = 'image/png';

const grab = (types: string[], seen: number, selection = 'clipboard') => [
  'grab',
  { selection, types, seen, secret: false },
];
const release = (seen: number, selection = 'clipboard') => ['release', { selection, seen }];

describe('what programs do', () => {
  it('is told as it happens, for each selection', async () => {
    const world = new AgentWorld();
    const { backend } = world;
    const daemon = await world.connect();
    backend.offer('clipboard', TEXT, PNG);
    backend.offer('primary', TEXT);
    backend.clear('clipboard');
    await settle();
    expect(daemon.told).toEqual([grab([TEXT, PNG], 0), grab([TEXT], 0, 'primary'), release(0)]);
  });

  it('before the connection is told when it is made, unless it is over', async () => {
    const world = new AgentWorld();
    world.backend.offer('clipboard', TEXT);
    world.backend.offer('primary', TEXT);
    world.backend.clear('primary');
    const daemon = await world.connect();
    expect(daemon.told).toEqual([grab([TEXT], 0)]);
  });

  it('is told with no types where the program offers nothing that can be carried', async () => {
    const world = new AgentWorld();
    const daemon = await world.connect();
    world.backend.offer('clipboard');
    await settle();
    expect(daemon.told).toEqual([grab([], 0)]);
  });
});

describe("clipmuxd's grab", () => {
  it('makes the agent own the selection with its types', async () => {
    const world = new AgentWorld();
    const daemon = await world.connect();
    daemon.wire.notify('selection.grab', { selection: 'primary', serial: 1, types: [TEXT, PNG] });
    await settle();
    expect(world.backend.owns).toMatchObject([{ selection: 'primary', types: [TEXT, PNG] }]);
  });

  it('counts as seen once the display has applied it, not when it arrived', async () => {
    const world = new AgentWorld();
    const daemon = await world.connect();
    daemon.wire.notify('selection.grab', { selection: 'clipboard', serial: 1, types: [TEXT] });
    await settle();
    world.backend.offer('clipboard', PNG);
    world.backend.owns[0]?.resolve(true);
    await settle();
    world.backend.offer('clipboard', TEXT);
    await settle();
    expect(daemon.told).toEqual([grab([PNG], 0), grab([TEXT], 1)]);
  });

  it('counts as seen for its own selection alone', async () => {
    const world = new AgentWorld();
    const daemon = await world.connect();
    daemon.wire.notify('selection.grab', { selection: 'clipboard', serial: 7, types: [TEXT] });
    await settle();
    world.backend.owns[0]?.resolve(true);
    await settle();
    world.backend.offer('primary', TEXT);
    world.backend.clear('clipboard');
    await settle();
    expect(daemon.told).toEqual([grab([TEXT], 0, 'primary'), release(7)]);
  });

  it('that a program overtook counts as seen by what that program offers', async () => {
    const world = new AgentWorld();
    const daemon = await world.connect();
    daemon.wire.notify('selection.grab', { selection: 'clipboard', serial: 3, types: [TEXT] });
    await settle();
    world.backend.owns[0]?.resolve(false);
    await settle();
    world.backend.offer('clipboard', PNG);
    await settle();
    expect(daemon.told).toEqual([grab([PNG], 3)]);
  });

  it('that is applied after a newer one does not bring the older serial back', async () => {
    const world = new AgentWorld();
    const daemon = await world.connect();
    for (const serial of [1, 2])
      daemon.wire.notify('selection.grab', { selection: 'clipboard', serial, types: [TEXT] });
    await settle();
    world.backend.owns[1]?.resolve(true);
    await settle();
    world.backend.owns[0]?.resolve(true);
    await settle();
    world.backend.offer('clipboard', PNG);
    await settle();
    expect(daemon.told).toEqual([grab([PNG], 2)]);
  });

  it('that cannot be applied is logged, and the next is tried', async () => {
    const world = new AgentWorld();
    const daemon = await world.connect();
    for (const serial of [1, 2]) {
      daemon.wire.notify('selection.grab', { selection: 'clipboard', serial, types: [TEXT] });
      await settle();
      world.backend.owns.at(-1)?.reject(new SelectionError('bad-type', 'no'));
      await settle();
    }
    expect(world.backend.owns).toHaveLength(2);
    expect(world.log.at('warning')).toHaveLength(2);
    expect(daemon.wire.closeReason).toBeUndefined();
  });
});

describe("clipmuxd's release", () => {
  it('makes the agent give the selection up', async () => {
    const world = new AgentWorld();
    const daemon = await world.connect();
    daemon.wire.notify('selection.release', { selection: 'primary', serial: 1 });
    await settle();
    expect(world.backend.disowned).toEqual(['primary']);
  });
});

describe('when clipmuxd is gone', () => {
  it('both selections are given up', async () => {
    const world = new AgentWorld();
    const daemon = await world.connect();
    await daemon.end();
    expect(world.backend.disowned).toEqual(['clipboard', 'primary']);
  });

  it('what programs offer is told again in the next connection, as seen before any grab of it', async () => {
    const world = new AgentWorld();
    const first = await world.connect();
    first.wire.notify('selection.grab', { selection: 'clipboard', serial: 9, types: [TEXT] });
    await settle();
    world.backend.owns[0]?.resolve(true);
    await settle();
    world.backend.offer('clipboard', PNG);
    await settle();
    expect(first.told).toEqual([grab([PNG], 9)]);
    await first.end();
    world.backend.offer('primary', TEXT);
    const second = await world.connect();
    expect(second.told).toEqual([grab([PNG], 0), grab([TEXT], 0, 'primary')]);
  });

  it('a grab of its that is applied later counts for nothing in the next connection, and has ended what it replaced', async () => {
    const world = new AgentWorld();
    world.backend.offer('clipboard', PNG);
    const first = await world.connect();
    first.wire.notify('selection.grab', { selection: 'clipboard', serial: 4, types: [TEXT] });
    await settle();
    await first.end();
    world.backend.owns[0]?.resolve(true);
    await settle();
    const second = await world.connect();
    world.backend.offer('clipboard', TEXT);
    await settle();
    expect(second.told).toEqual([grab([TEXT], 0)]);
  });

  it('a program that still pastes gets an error at once', async () => {
    const world = new AgentWorld();
    const daemon = await world.connect();
    daemon.wire.notify('selection.grab', { selection: 'clipboard', serial: 1, types: [TEXT] });
    await settle();
    await daemon.end();
    const pasted = world.backend.owns[0]?.provider(TEXT, new AbortController().signal);
    await expect(pasted).rejects.toMatchObject({ name: 'connection-closed' });
  });
});

describe('a program that pastes', () => {
  async function owned(world: AgentWorld, ...answer: Parameters<AgentWorld['connect']>) {
    const daemon = await world.connect(...answer);
    daemon.wire.notify('selection.grab', { selection: 'clipboard', serial: 1, types: [TEXT] });
    await settle();
    const provider = world.backend.owns[0]?.provider;
    if (!provider) throw new Error('the agent did not take the selection');
    return { daemon, provider };
  }

  it('is given what clipmuxd answers', async () => {
    const world = new AgentWorld();
    const questions: unknown[] = [];
    const { provider } = await owned(world, (question) => {
      questions.push(question);
      return { size: 5, type: TEXT, content: Buffer.from('hello') };
    });
    expect(Buffer.from(await provider(TEXT, new AbortController().signal)).toString()).toBe('hello');
    expect(questions).toMatchObject([{ selection: 'clipboard', type: TEXT, maxBytes: MAX_CONTENT_BYTES }]);
    expect(world.largeContents).toBe(0);
  });

  it('is refused with the error of clipmuxd', async () => {
    const { provider } = await owned(new AgentWorld());
    await expect(provider(TEXT, new AbortController().signal)).rejects.toMatchObject({ name: 'no-owner' });
  });

  it('and content that is large makes the agent give memory back', async () => {
    const world = new AgentWorld();
    const content = Buffer.alloc(LARGE_CONTENT_BYTES);
    const { provider } = await owned(world, () => ({ size: content.byteLength, type: TEXT, content }));
    expect(await provider(TEXT, new AbortController().signal)).toHaveLength(LARGE_CONTENT_BYTES);
    expect(world.largeContents).toBe(1);
  });

  it('and has asked before a newer grab and a release still gets what it asked for', async () => {
    const world = new AgentWorld();
    const content = Buffer.from('older');
    let answer: (answer: ContentAnswer) => void = () => {};
    const { daemon, provider } = await owned(
      world,
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const pasted = provider(TEXT, new AbortController().signal);
    daemon.wire.notify('selection.grab', { selection: 'clipboard', serial: 2, types: [TEXT] });
    daemon.wire.notify('selection.release', { selection: 'clipboard', serial: 3 });
    await settle();
    answer({ size: content.byteLength, type: TEXT, content });
    expect(await pasted).toEqual(content);
  });
});

describe('what clipmuxd asks for', () => {
  const question = { selection: 'clipboard', type: TEXT } as const;

  it('is read from the program and sent', async () => {
    const world = new AgentWorld();
    const daemon = await world.connect();
    world.backend.offer('clipboard', TEXT);
    const answer = daemon.wire.collect(question, { maxBytes: 1000 });
    await settle();
    expect(world.backend.reads).toMatchObject([{ selection: 'clipboard', type: TEXT, options: { maxBytes: 1000 } }]);
    world.backend.reads[0]?.resolve(Buffer.from('hi'));
    expect((await answer).bytes.toString()).toBe('hi');
  });

  it('is bounded by what the agent carries at all', async () => {
    const world = new AgentWorld();
    const daemon = await world.connect();
    void daemon.wire.collect(question, { maxBytes: MAX_CONTENT_BYTES * 2 }).catch(() => undefined);
    await settle();
    expect(world.backend.reads[0]?.options.maxBytes).toBe(MAX_CONTENT_BYTES);
  });

  it('makes the agent give memory back where it is large', async () => {
    const world = new AgentWorld();
    const daemon = await world.connect();
    const answer = daemon.wire.collect(question, { maxBytes: MAX_CONTENT_BYTES });
    await settle();
    world.backend.reads[0]?.resolve(Buffer.alloc(LARGE_CONTENT_BYTES));
    await answer;
    expect(world.largeContents).toBe(1);
  });

  it('is not read on once clipmuxd wants it no more', async () => {
    const world = new AgentWorld();
    const daemon = await world.connect();
    const controller = new AbortController();
    const answer = daemon.wire.collect(question, { maxBytes: 1000, signal: controller.signal });
    await settle();
    controller.abort();
    await expect(answer).rejects.toMatchObject({ name: 'cancelled' });
    await settle();
    expect(world.backend.reads[0]?.options.signal?.aborted).toBe(true);
  });

  const errors: Record<SelectionErrorCode, RpcErrorName> = {
    'no-owner': 'no-owner',
    'type-unavailable': 'type-unavailable',
    'owner-refused': 'owner-refused',
    'owner-died': 'owner-died',
    'owner-changed': 'owner-died',
    'timed-out': 'timed-out',
    'too-large': 'too-large',
    'bad-answer': 'owner-refused',
    aborted: 'cancelled',
    'too-many': 'limit-exceeded',
    'bad-type': 'type-unavailable',
  };
  it.each(Object.entries(errors) as [SelectionErrorCode, RpcErrorName][])(
    'and fails with %s is answered with %s',
    async (code, name) => {
      const world = new AgentWorld();
      const daemon = await world.connect();
      const answer = daemon.wire.collect(question, { maxBytes: 1000 });
      await settle();
      world.backend.reads[0]?.reject(new SelectionError(code, 'why'));
      await expect(answer).rejects.toMatchObject({ name, code: RPC_ERROR_CODES[name], remote: true });
    },
  );

  it('of a display that has gone is answered with internal, and the cause stays here', async () => {
    const world = new AgentWorld();
    const daemon = await world.connect();
    const answer = daemon.wire.collect(question, { maxBytes: 1000 });
    await settle();
    world.backend.reads[0]?.reject(new DisplayError('display-lost', 'a secret of the session'));
    await expect(answer).rejects.toMatchObject({ name: 'internal' });
    await expect(answer).rejects.not.toThrow(/secret/);
  });
});

describe('a paste that was cut short', () => {
  it('is logged and passed on', async () => {
    const world = new AgentWorld();
    const daemon = await world.connect();
    const paste = { selection: 'clipboard', direction: 'host-to-guest', reason: 'too-large' } as const;
    daemon.wire.notify('paste.cut-short', paste);
    await settle();
    expect(world.cutShort).toEqual([paste]);
    expect(world.log.at('info')).toEqual([`info: a paste was cut short ${JSON.stringify(paste)}`]);
  });
});
