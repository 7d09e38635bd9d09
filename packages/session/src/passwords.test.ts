import { SelectionError, type SelectionErrorCode } from '@clipmux/selections';
import { describe, expect, it } from 'vitest';
import { PASSWORD_MARK_BYTES_MAX, PASSWORD_MARK_TIMEOUT_MS } from './limits.ts';
import { PASSWORD_MARK_TYPE } from './password-mark.ts';
import { AgentWorld, settle } from './testing.ts';

const TEXT = 'text/plain;charset=utf-8';
const MARKED = [TEXT, PASSWORD_MARK_TYPE];

const grab = (types: string[], seen: number, secret: boolean) => [
  'grab',
  { selection: 'clipboard', types, seen, secret },
];

async function connected() {
  const world = new AgentWorld();
  const daemon = await world.connect();
  const answerMark = async (text: string, index = 0) => {
    world.backend.reads[index]?.resolve(Buffer.from(text));
    await settle();
  };
  return { ...world, world, daemon, answerMark };
}

describe('the mark of a password', () => {
  it('is read before clipmuxd is told of the copy, and told with it', async () => {
    const { backend, daemon, answerMark } = await connected();
    backend.offer('clipboard', ...MARKED);
    await settle();
    expect(daemon.told).toEqual([]);
    expect(backend.reads).toMatchObject([
      { selection: 'clipboard', type: PASSWORD_MARK_TYPE, options: { maxBytes: PASSWORD_MARK_BYTES_MAX } },
    ]);
    await answerMark('secret');
    expect(daemon.told).toEqual([grab(MARKED, 0, true)]);
  });

  it.each([
    ['secret', true],
    ['secret\n', true],
    [' secret \0', true],
    ['', false],
    ['public', false],
    ['secretive', false],
    ['not secret', false],
  ])('that says %j makes the copy secret: %s', async (text, secret) => {
    const { backend, daemon, answerMark } = await connected();
    backend.offer('clipboard', ...MARKED);
    await answerMark(text);
    expect(daemon.told).toEqual([grab(MARKED, 0, secret)]);
  });

  it.each<SelectionErrorCode>(['owner-refused', 'too-large', 'too-many', 'timed-out', 'bad-answer'])(
    'that cannot be read (%s) counts as one, and the log says so',
    async (code) => {
      const { backend, daemon, log } = await connected();
      backend.offer('clipboard', ...MARKED);
      backend.reads[0]?.reject(new SelectionError(code, 'why'));
      await settle();
      expect(daemon.told).toEqual([grab(MARKED, 0, true)]);
      expect(log.at('warning')).toHaveLength(1);
      expect(log.at('warning')[0]).toContain(code);
    },
  );

  it('that does not come in time counts as one, and is waited for no longer', async () => {
    const { backend, daemon, timers, log } = await connected();
    backend.offer('clipboard', ...MARKED);
    timers.advance(PASSWORD_MARK_TIMEOUT_MS - 1);
    await settle();
    expect(daemon.told).toEqual([]);
    timers.advance(1);
    await settle();
    expect(daemon.told).toEqual([grab(MARKED, 0, true)]);
    expect(backend.reads[0]?.options.signal?.aborted).toBe(true);
    expect(log.at('warning')).toHaveLength(1);
  });

  it.each<SelectionErrorCode>(['owner-changed', 'owner-died', 'no-owner'])(
    'that cannot be read as the program has gone (%s) leaves the word to what follows',
    async (code) => {
      const { backend, daemon, timers } = await connected();
      backend.offer('clipboard', ...MARKED);
      backend.reads[0]?.reject(new SelectionError(code, 'why'));
      await settle();
      expect(daemon.told).toEqual([]);
      backend.offer('clipboard', TEXT);
      await settle();
      expect(daemon.told).toEqual([grab([TEXT], 0, false)]);
      expect(timers.running).toBe(0);
    },
  );

  it('that cannot be read as the program has gone counts as one if nothing follows', async () => {
    const { backend, daemon, timers } = await connected();
    backend.offer('clipboard', ...MARKED);
    backend.reads[0]?.reject(new SelectionError('owner-died', 'why'));
    await settle();
    timers.advance(PASSWORD_MARK_TIMEOUT_MS);
    await settle();
    expect(daemon.told).toEqual([grab(MARKED, 0, true)]);
  });

  it('leaves no timer behind', async () => {
    const { backend, timers, answerMark } = await connected();
    backend.offer('clipboard', ...MARKED);
    expect(timers.running).toBe(1);
    await answerMark('secret');
    expect(timers.running).toBe(0);
  });

  it('is not asked for where there is none', async () => {
    const { backend, daemon } = await connected();
    backend.offer('clipboard', TEXT);
    await settle();
    expect(backend.reads).toEqual([]);
    expect(daemon.told).toEqual([grab([TEXT], 0, false)]);
  });
});

describe('while the mark is being read', () => {
  it('a newer copy takes its place: only that is told', async () => {
    const { backend, daemon, timers, log, answerMark } = await connected();
    backend.offer('clipboard', ...MARKED);
    backend.offer('clipboard', TEXT);
    await answerMark('secret');
    expect(daemon.told).toEqual([grab([TEXT], 0, false)]);
    expect(backend.reads[0]?.options.signal?.aborted).toBe(true);
    expect(timers.running).toBe(0);
    expect(log.at('warning')).toEqual([]);
  });

  it('a newer password takes its place: only that is told, whichever is read first', async () => {
    const { backend, daemon, answerMark } = await connected();
    backend.offer('clipboard', ...MARKED);
    backend.offer('clipboard', 'image/png', ...MARKED);
    await answerMark('secret', 1);
    await answerMark('public', 0);
    expect(daemon.told).toEqual([grab(['image/png', ...MARKED], 0, true)]);
  });

  it('the program may give the selection up: only that is told', async () => {
    const { backend, daemon, answerMark } = await connected();
    backend.offer('clipboard', ...MARKED);
    backend.clear('clipboard');
    await answerMark('secret');
    expect(daemon.told).toEqual([['release', { selection: 'clipboard', seen: 0 }]]);
  });

  it('a grab of clipmuxd that has been applied ends it: nothing is told', async () => {
    const { backend, daemon, answerMark } = await connected();
    backend.offer('clipboard', ...MARKED);
    daemon.wire.notify('selection.grab', { selection: 'clipboard', serial: 1, types: [TEXT] });
    await settle();
    backend.owns[0]?.resolve(true);
    await settle();
    await answerMark('secret');
    expect(daemon.told).toEqual([]);
  });

  it('a grab of clipmuxd may come: what is told says what had been seen when the program copied', async () => {
    const { backend, daemon, answerMark } = await connected();
    backend.offer('clipboard', ...MARKED);
    daemon.wire.notify('selection.grab', { selection: 'clipboard', serial: 1, types: [TEXT] });
    await settle();
    backend.owns[0]?.resolve(false);
    await settle();
    await answerMark('secret');
    expect(daemon.told).toEqual([grab(MARKED, 0, true)]);
  });

  it('other selections go on', async () => {
    const { backend, daemon } = await connected();
    backend.offer('clipboard', ...MARKED);
    backend.offer('primary', TEXT);
    await settle();
    expect(daemon.told).toEqual([['grab', { selection: 'primary', types: [TEXT], seen: 0, secret: false }]]);
  });

  it('a connection may begin: the copy is told there once the mark is known', async () => {
    const world = new AgentWorld();
    world.backend.offer('clipboard', ...MARKED);
    const daemon = await world.connect();
    expect(daemon.told).toEqual([]);
    world.backend.reads[0]?.resolve(Buffer.from('secret'));
    await settle();
    expect(daemon.told).toEqual([grab(MARKED, 0, true)]);
  });

  it('the connection may be lost: the next is told, as seen before any grab of it', async () => {
    const { world, backend, daemon, answerMark } = await connected();
    daemon.wire.notify('selection.grab', { selection: 'clipboard', serial: 5, types: [TEXT] });
    await settle();
    backend.owns[0]?.resolve(true);
    await settle();
    backend.offer('clipboard', ...MARKED);
    await daemon.end();
    const next = await world.connect();
    await answerMark('secret');
    expect(daemon.told).toEqual([]);
    expect(next.told).toEqual([grab(MARKED, 0, true)]);
  });
});

it('a password is told as one in the next connection, too', async () => {
  const { world, backend, daemon, answerMark } = await connected();
  backend.offer('clipboard', ...MARKED);
  await answerMark('secret');
  await daemon.end();
  const next = await world.connect();
  expect(next.told).toEqual([grab(MARKED, 0, true)]);
  expect(backend.reads).toHaveLength(1);
});

describe('what clipmuxd asks for', () => {
  async function offered() {
    const ends = await connected();
    ends.backend.offer('clipboard', TEXT);
    await settle();
    const ask = () => {
      const content = ends.daemon.wire
        .collect({ selection: 'clipboard', type: TEXT }, { maxBytes: 1000 })
        .then(({ bytes }) => bytes.toString());
      content.catch(() => undefined);
      return content;
    };
    return { ...ends, ask };
  }

  it('is not answered with a password that was copied meanwhile', async () => {
    const { backend, answerMark, ask } = await offered();
    const answer = ask();
    await settle();
    backend.offer('clipboard', ...MARKED);
    backend.reads[0]?.resolve(Buffer.from('hunter2'));
    await answerMark('secret', 1);
    await expect(answer).rejects.toMatchObject({ name: 'owner-died' });
  });

  it('is not answered with a password of which it has not been told yet', async () => {
    const { backend, answerMark, ask } = await offered();
    backend.offer('clipboard', ...MARKED);
    const answer = ask();
    await settle();
    backend.reads[1]?.resolve(Buffer.from('hunter2'));
    await answerMark('secret', 0);
    await expect(answer).rejects.toMatchObject({ name: 'owner-died' });
  });

  it('is not answered before it has been found out whether it is a password', async () => {
    const { backend, daemon, answerMark, ask } = await offered();
    backend.offer('clipboard', ...MARKED);
    const answer = ask();
    await settle();
    backend.reads[1]?.resolve(Buffer.from('harmless'));
    await settle();
    expect(daemon.told).toHaveLength(1);
    await answerMark('public', 0);
    expect(await answer).toBe('harmless');
    expect(daemon.told.at(-1)).toEqual(grab(MARKED, 0, false));
  });

  it('is not answered with what may be a password that is gone before this was found out', async () => {
    const { backend, ask } = await offered();
    backend.offer('clipboard', ...MARKED);
    const answer = ask();
    await settle();
    backend.reads[1]?.resolve(Buffer.from('hunter2'));
    await settle();
    backend.offer('clipboard', TEXT);
    await expect(answer).rejects.toMatchObject({ name: 'owner-died' });
  });

  it('is answered with a password where it knew, for it decides', async () => {
    const { backend, answerMark, ask } = await offered();
    backend.offer('clipboard', ...MARKED);
    await answerMark('secret', 0);
    const answer = ask();
    await settle();
    backend.reads[1]?.resolve(Buffer.from('hunter2'));
    expect(await answer).toBe('hunter2');
  });

  it('is answered with what the program before had given, when a harmless copy came meanwhile', async () => {
    const { backend, ask } = await offered();
    const answer = ask();
    await settle();
    backend.offer('clipboard', 'image/png');
    backend.reads[0]?.resolve(Buffer.from('hi'));
    expect(await answer).toBe('hi');
  });
});
