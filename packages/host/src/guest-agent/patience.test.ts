import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { duplexPair } from '../testing.ts';
import { GuestAgentClient, type GuestAgentClientOptions } from './client.ts';

let guest: Duplex;
/** The commands that came, in order. */
let commands: string[];
/** What the guest answers to. */
let answers: boolean;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  commands = [];
  answers = true;
});
afterEach(() => {
  guest.destroy();
  vi.useRealTimers();
});

function clientWith(options: GuestAgentClientOptions = {}): GuestAgentClient {
  const [ours, theirs] = duplexPair();
  guest = theirs;
  guest.on('data', (bytes: Buffer) => {
    for (const line of bytes.toString('latin1').split('\n').filter(Boolean)) {
      const { execute, arguments: given } = JSON.parse(line.replaceAll('\u00ff', ''));
      commands.push(execute);
      if (answers && execute === 'guest-sync-delimited') synchronise(given.id);
    }
  });
  return new GuestAgentClient(ours, options);
}

function synchronise(id: number): void {
  guest.write(Buffer.from(`\u00ff{"return": ${id}}\n`, 'latin1'));
}

/** Lets the stream carry what was written, which takes no time. */
async function carry(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function pass(seconds: number): Promise<void> {
  await carry();
  await vi.advanceTimersByTimeAsync(seconds * 1000);
  await carry();
}

/** What has become of it so far. */
function outcomeOf(promise: Promise<unknown>): { value: unknown } {
  const outcome: { value: unknown } = { value: 'waiting' };
  promise.then(
    (value) => {
      outcome.value = value;
    },
    (error) => {
      outcome.value = error;
    },
  );
  return outcome;
}

const timedOut = expect.objectContaining({ code: 'timed-out' });

describe('coming into step', () => {
  it('is tried again, after 5, 10 and 20 s, until the guest is there', async () => {
    answers = false;
    const outcome = outcomeOf(clientWith({ timeoutMs: Number.POSITIVE_INFINITY }).execute('guest-ping'));
    await pass(4.9);
    expect(commands).toHaveLength(1);
    await pass(0.2);
    expect(commands).toHaveLength(2);
    await pass(10);
    expect(commands).toHaveLength(3);
    answers = true;
    await pass(20);
    expect(commands.slice(3)).toEqual(['guest-sync-delimited', 'guest-ping']);
    guest.write('{"return": "there"}\n');
    await carry();
    expect(outcome.value).toMatchObject({ value: 'there' });
  });

  it.each([
    ['15 s by default', {}, 15],
    ['a time that is longer', { timeoutMs: 40_000 }, 40],
    ['one that is shorter', { timeoutMs: 2_000 }, 2],
  ])('is given up after %s', async (_what, options, seconds) => {
    answers = false;
    const outcome = outcomeOf(clientWith(options).execute('guest-ping'));
    await pass(seconds - 0.1);
    expect(outcome.value).toBe('waiting');
    await pass(0.2);
    expect(outcome.value).toEqual(timedOut);
    expect(commands).not.toContain('guest-ping');
  });

  it('is part of the time that the answer may take', async () => {
    answers = false;
    const outcome = outcomeOf(clientWith({ timeoutMs: 8_000 }).execute('guest-ping'));
    await pass(4);
    answers = true;
    await pass(2);
    expect(commands.at(-1)).toBe('guest-ping');
    await pass(1.9);
    expect(outcome.value).toBe('waiting');
    await pass(0.2);
    expect(outcome.value).toEqual(timedOut);
  });

  it('takes none of the late answers to earlier attempts for one to the command', async () => {
    answers = false;
    const client = clientWith({ timeoutMs: 40_000 });
    const outcome = outcomeOf(client.execute('guest-ping'));
    await pass(3);
    const early = commands.length;
    answers = true;
    guest.write(Buffer.from('\u00ff{"return": 1}\n', 'latin1'));
    await pass(3);
    expect([early, commands.length]).toEqual([1, 3]);
    guest.write('{"return": "right"}\n');
    await carry();
    expect(outcome.value).toMatchObject({ value: 'right' });
  });
});

describe('a command that may take as long as it takes', () => {
  const DAY = 24 * 3600;

  it.each([
    ...['guest-fsfreeze-freeze', 'guest-fsfreeze-freeze-list', 'guest-fsfreeze-thaw', 'guest-fsfreeze-status'],
    ...['guest-fstrim', 'guest-exec'],
  ])('is waited for: %s', async (command) => {
    const outcome = outcomeOf(clientWith().call(command));
    await pass(DAY);
    expect([outcome.value, commands.at(-1)]).toEqual(['waiting', command]);
    guest.write('{"return": 2}\n');
    await carry();
    expect(outcome.value).toMatchObject({ value: 2 });
  });

  it.each([...['guest-shutdown', 'guest-suspend-disk', 'guest-suspend-ram', 'guest-suspend-hybrid']])(
    'and does not answer is waited for: %s',
    async (command) => {
      const client = clientWith();
      await Promise.all([client.executeSilent('guest-shutdown'), carry()]);
      answers = false;
      const outcome = outcomeOf(client.call(command));
      await pass(DAY);
      expect(outcome.value).toBe('waiting');
      guest.destroy();
      await carry();
      expect(outcome.value).toBeNull();
    },
  );

  it('is not sent to a guest that does not come into step', async () => {
    answers = false;
    const outcome = outcomeOf(clientWith().call('guest-fsfreeze-freeze'));
    await pass(15.1);
    expect(outcome.value).toEqual(timedOut);
    expect(commands).not.toContain('guest-fsfreeze-freeze');
  });

  it('is given up all the same after a time that was asked for', async () => {
    const outcome = outcomeOf(clientWith({ timeoutMs: 20_000 }).call('guest-fsfreeze-freeze'));
    await pass(19.9);
    expect(outcome.value).toBe('waiting');
    await pass(0.2);
    expect(outcome.value).toMatchObject({
      code: 'timed-out',
      message:
        'the guest agent did not answer guest-fsfreeze-freeze within 20000 ms: whether it was carried out is unknown',
    });
  });
});

describe('other commands', () => {
  it('are given up after 15 s', async () => {
    const outcome = outcomeOf(clientWith().execute('guest-get-time'));
    await pass(14.9);
    expect(outcome.value).toBe('waiting');
    await pass(0.2);
    expect(outcome.value).toEqual(timedOut);
  });
});
