import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TEXT_TYPE } from '../../packages/selections/src/index.ts';
import { MAX_CONVERSIONS_PER_CLIENT, WATCH_AFTER_MS } from '../../packages/selections/src/limits.ts';
import { stopProcess } from '../support/processes.ts';
import { within } from '../support/wait.ts';
import { xclipPaste } from '../support/xclip.ts';
import { startXvfb, type Xvfb } from '../support/xvfb.ts';
import { RawClient, words } from './raw-client.ts';
import { type WatchedBackend, watchOpen } from './watched-backend.ts';

const MiB = 1024 * 1024;
const LIMITS = { providerMs: 300, requestorStallMs: 300 };
const LARGE = randomBytes(5 * MiB);

describe('requestors that do it in their own way', () => {
  let xvfb: Xvfb;
  let watched: WatchedBackend;
  let requestor: RawClient;

  beforeAll(async () => {
    xvfb = await startXvfb();
  });
  afterAll(() => xvfb.stop());
  beforeEach(async () => {
    watched = await watchOpen(xvfb, LIMITS);
    requestor = await RawClient.connect(xvfb);
  });
  afterEach(async () => {
    await requestor.die();
    await watched.backend.close();
  });

  const ownText = (text: string) => watched.backend.own('clipboard', [TEXT_TYPE], async () => Buffer.from(text));
  const ownBoth = () =>
    watched.backend.own('clipboard', [TEXT_TYPE, 'image/png'], async (type) =>
      type === 'image/png' ? LARGE : Buffer.from('text'),
    );
  /** Serves still: the last line of tests of requestors that behave badly. */
  const pastes = async () => (await xclipPaste(xvfb, { target: 'UTF8_STRING' })).toString();

  it('uses the target as property for an obsolete client that names none', async () => {
    await ownText('for the old');
    const answer = await requestor.convert('UTF8_STRING', 0);
    expect(answer.property).toBe(requestor.atom('UTF8_STRING'));
    expect((await requestor.property('UTF8_STRING')).data.toString()).toBe('for the old');
  });

  it('answers TEXT with the type of its encoding', async () => {
    await ownText('é');
    await requestor.convert('TEXT', 'P0');
    const value = await requestor.property('P0');
    expect(value.type).toBe(requestor.atom('UTF8_STRING'));
    expect(value.data.toString()).toBe('é');
  });

  it('tells in TIMESTAMP when it took the selection, and refuses requests from before', async () => {
    const before = await requestor.time();
    await new Promise((resolve) => setTimeout(resolve, 3)); // the server counts in milliseconds
    await ownText('new');
    await requestor.convert('TIMESTAMP', 'P0');
    const value = await requestor.property('P0');
    const taken = value.data.readUInt32LE(0);
    expect(taken).toBeGreaterThan(before);
    expect((await requestor.convert('UTF8_STRING', 'P0', { time: before })).property).toBe(0);
    expect((await requestor.convert('UTF8_STRING', 'P0', { time: taken })).property).not.toBe(0);
    expect((await requestor.convert('UTF8_STRING', 'P0', { time: 0 })).property).not.toBe(0);
  });

  describe('MULTIPLE', () => {
    const convertPairs = async (...pairs: [string, string][]) => {
      const list = words(...pairs.flatMap(([target, property]) => [requestor.atom(target), requestor.atom(property)]));
      const { connection, window } = requestor;
      connection.changeProperty(window, requestor.atom('TIME'), requestor.atom('ATOM_PAIR'), 32, list);
      return requestor.convert('MULTIPLE', 'TIME');
    };

    it('converts all pairs, and marks those that failed as None', async () => {
      await ownText('5 €');
      const answer = await convertPairs(['UTF8_STRING', 'P0'], ['STRING', 'P1'], ['TARGETS', 'P2']);
      expect(answer.property).toBe(requestor.atom('TIME'));
      expect((await requestor.property('P0')).data.toString()).toBe('5 €');
      expect((await requestor.property('P1')).type).toBe(0);
      expect((await requestor.property('P2')).format).toBe(32);
      const pairs = await requestor.property('TIME');
      const atoms = [requestor.atom('UTF8_STRING'), requestor.atom('P0'), 0, 0];
      expect(pairs.data).toEqual(words(...atoms, requestor.atom('TARGETS'), requestor.atom('P2')));
    });

    it('converts small and large contents side by side', async () => {
      await ownBoth();
      await convertPairs(['image/png', 'P0'], ['UTF8_STRING', 'P1']);
      expect((await requestor.property('P1')).data.toString()).toBe('text');
      expect((await requestor.property('P0')).type).toBe(requestor.atom('INCR'));
      expect((await requestor.gather('P0')).equals(LARGE)).toBe(true);
    });

    it('refuses a request without a list', async () => {
      await ownText('x');
      expect((await requestor.convert('MULTIPLE', 'P0')).property).toBe(0);
      expect((await requestor.convert('MULTIPLE', 0)).property).toBe(0);
    });
  });

  it('serves two large transfers to two properties of one window, each at its own speed', async () => {
    await ownBoth();
    const second = await RawClient.connect(xvfb);
    await requestor.convert('image/png', 'P0');
    await second.convert('image/png', 'P0');
    let fastDone = () => {};
    const fast = new Promise<void>((resolve) => {
      fastDone = resolve;
    });
    const slow = requestor.gather('P0', async (piece) => {
      if (piece === 1) await fast;
    });
    expect((await second.gather('P0')).equals(LARGE)).toBe(true);
    fastDone();
    expect((await slow).equals(LARGE)).toBe(true);
    await second.die();
  });

  it('starts anew when a requestor asks again for a property whose transfer it gave up', async () => {
    await ownBoth();
    await requestor.convert('image/png', 'P0');
    await requestor.convert('image/png', 'P0');
    expect((await requestor.gather('P0')).equals(LARGE)).toBe(true);
  });

  it('does not take a deletion from before the answer for one of the answer', async () => {
    let give: (bytes: Uint8Array) => void = () => {};
    let called = () => {};
    const asked = new Promise<void>((resolve) => {
      called = resolve;
    });
    await watched.backend.own('clipboard', ['image/png'], () => {
      called();
      return new Promise((resolve) => {
        give = resolve;
      });
    });
    const { connection, window } = requestor;
    const answer = requestor.convert('image/png', 'P0');
    await asked;
    await sleep(2 * WATCH_AFTER_MS); // from now on the backend is told what becomes of the window
    for (let i = 0; i < 50; i++) {
      connection.changeProperty(window, requestor.atom('P0'), requestor.atom('STRING'), 8, Buffer.from('mine'));
      connection.deleteProperty(window, requestor.atom('P0'));
    }
    await new Promise(setImmediate); // sends them
    // The server tells of these deletions now, and the backend hears of them only after it has answered.
    spawnSync('sleep', ['0.1']);
    give(LARGE);
    await answer;
    expect((await requestor.property('P0')).type).toBe(requestor.atom('INCR'));
    expect((await requestor.gather('P0')).equals(LARGE)).toBe(true);
  });

  it('aborts the provider when its requestor dies, and serves the others', async () => {
    let aborted: () => void = () => {};
    const abort = new Promise<void>((resolve) => {
      aborted = resolve;
    });
    let first = true;
    await watched.backend.own('clipboard', [TEXT_TYPE], (_, signal) => {
      if (!first) return Promise.resolve(Buffer.from('alive'));
      first = false;
      signal.addEventListener('abort', aborted);
      void requestor.die();
      return new Promise(() => {});
    });
    void requestor.convert('UTF8_STRING', 'P0').catch(() => {});
    await within(abort, 'the abort');
    expect(await pastes()).toBe('alive');
  });

  it('refuses when the provider takes too long, and aborts it', async () => {
    let aborted = false;
    await watched.backend.own('clipboard', [TEXT_TYPE], (_, signal) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise(() => {});
    });
    expect((await requestor.convert('UTF8_STRING', 'P0')).property).toBe(0);
    expect(aborted).toBe(true);
  });

  it('still serves those who have asked when the selection is lost, given up or replaced', async () => {
    const endings = [
      () => requestor.own(),
      () => watched.backend.disown('clipboard'),
      () => ownText('replaced'),
    ] as const;
    for (const end of endings) {
      let give: (bytes: Uint8Array) => void = () => {};
      let called = () => {};
      const asked = new Promise<void>((resolve) => {
        called = resolve;
      });
      await watched.backend.own('clipboard', [TEXT_TYPE], () => {
        called();
        return new Promise((resolve) => {
          give = resolve;
        });
      });
      const answer = requestor.convert('UTF8_STRING', 'P0');
      await asked;
      await end();
      give(Buffer.from('asked for in time'));
      expect((await answer).property).toBe(requestor.atom('P0'));
      expect((await requestor.property('P0')).data.toString()).toBe('asked for in time');
    }
    expect(await pastes()).toBe('replaced');
  });

  it('refuses those who wait when it is closed', async () => {
    let aborted = () => {};
    const abort = new Promise<void>((resolve) => {
      aborted = resolve;
    });
    let called = () => {};
    const asked = new Promise<void>((resolve) => {
      called = resolve;
    });
    await watched.backend.own('clipboard', [TEXT_TYPE], (_, signal) => {
      signal.addEventListener('abort', aborted);
      called();
      return new Promise(() => {});
    });
    const answer = requestor.convert('UTF8_STRING', 'P0');
    await asked;
    await watched.backend.close();
    await within(abort, 'the abort');
    expect((await answer).property).toBe(0);
  });

  it('goes on when a requestor dies in the middle of a transfer', async () => {
    await ownBoth();
    const dying = await RawClient.connect(xvfb);
    await dying.convert('image/png', 'P0');
    await expect(
      dying.gather('P0', async (piece) => {
        if (piece !== 2) return;
        await dying.die();
        throw new Error('died');
      }),
    ).rejects.toThrow('died');
    await requestor.convert('image/png', 'P0');
    expect((await requestor.gather('P0')).equals(LARGE)).toBe(true);
  });

  it('goes on when xclip is killed while it pastes', async () => {
    await watched.backend.own('clipboard', ['image/png', TEXT_TYPE], async (type) =>
      type === TEXT_TYPE ? Buffer.from('alive') : Buffer.alloc(64 * MiB, 1),
    );
    for (let i = 0; i < 3; i++) {
      const args = ['-out', '-selection', 'clipboard', '-target', 'image/png'];
      const child = spawn('xclip', args, { env: xvfb.env, stdio: ['ignore', 'pipe', 'ignore'] });
      await new Promise((resolve) => setTimeout(resolve, 10 + i * 20)); // somewhere in the transfer
      await stopProcess(child, 'SIGKILL');
    }
    expect(await pastes()).toBe('alive');
  });

  it('ends the transfer of a requestor that stalls, while another gets its content', async () => {
    await ownBoth();
    const stalled = await RawClient.connect(xvfb);
    await stalled.convert('image/png', 'P0');
    await requestor.convert('image/png', 'P0');
    expect((await requestor.gather('P0')).equals(LARGE)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 2 * LIMITS.requestorStallMs));
    let more = 0;
    stalled.onProperty = (event) => {
      if (!event.deleted) more++;
    };
    stalled.connection.deleteProperty(stalled.window, stalled.atom('P0'));
    await stalled.sync();
    expect(await pastes()).toBe('text');
    await stalled.sync();
    expect(more).toBe(0);
    await stalled.die();
  });

  it('goes on when requestors destroy their windows as soon as they have asked', async () => {
    await ownBoth();
    const hasty = await RawClient.connect(xvfb);
    const { connection } = hasty;
    const time = await hasty.time();
    for (let i = 0; i < 100; i++) {
      const window = connection.createWindow(0);
      const target = hasty.atom(i % 2 === 0 ? 'image/png' : 'TARGETS');
      connection.convertSelection(window, hasty.atom('CLIPBOARD'), target, hasty.atom('P0'), time);
      connection.destroyWindow(window);
    }
    await requestor.convert('image/png', 'P0');
    expect((await requestor.gather('P0')).equals(LARGE)).toBe(true);
    await hasty.die();
  });

  it('refuses more large transfers of one program than the limit, not those of another', async () => {
    await ownBoth();
    const greedy = await RawClient.connect(xvfb);
    const time = await greedy.time();
    let refused = 0;
    for (let i = 0; i < MAX_CONVERSIONS_PER_CLIENT + 5; i++) {
      const window = greedy.connection.createWindow(0);
      const [clipboard, png] = [greedy.atom('CLIPBOARD'), greedy.atom('image/png')];
      greedy.connection.convertSelection(window, clipboard, png, greedy.atom('P0'), time);
      if ((await greedy.nextAnswer()).property === 0) refused++;
    }
    expect(refused).toBe(5);
    await requestor.convert('image/png', 'P0');
    expect((await requestor.gather('P0')).equals(LARGE)).toBe(true);
    await greedy.die();
  });
});
