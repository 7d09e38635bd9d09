import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TEXT_TYPE } from '../../packages/selections/src/index.ts';
import { startXvfb, type Xvfb } from '../support/xvfb.ts';
import { RawClient, words } from './raw-client.ts';
import { type WatchedBackend, watchOpen } from './watched-backend.ts';

const SILENCE_MS = 300;
const ATOM = 4;
const MiB = 1024 * 1024;

describe('owners that do it in their own way', () => {
  let xvfb: Xvfb;
  let watched: WatchedBackend;
  let owner: RawClient;

  beforeAll(async () => {
    xvfb = await startXvfb();
  });
  afterAll(() => xvfb.stop());
  beforeEach(async () => {
    watched = await watchOpen(xvfb, { ownerSilenceMs: SILENCE_MS });
    owner = await RawClient.connect(xvfb);
  });
  afterEach(async () => {
    await watched.backend.close();
    await owner.die();
  });

  const read = (type = TEXT_TYPE, maxBytes = 64 * MiB) => watched.backend.read('clipboard', type, { maxBytes });
  const readText = async () => Buffer.from(await read()).toString();
  const offered = (...types: string[]) => ({ kind: 'offer', selection: 'clipboard', types });

  describe('TARGETS', () => {
    it('takes a list of the type TARGETS, with None and the same atom twice in it', async () => {
      await owner.own('CLIPBOARD', (request) => {
        const png = owner.atom('image/png');
        owner.answer(request, 'TARGETS', 32, words(0, png, 0, png, owner.atom('UTF8_STRING')));
      });
      expect(await watched.next()).toEqual(offered('image/png', TEXT_TYPE));
    });

    it('takes a list with numbers in it that are no atoms', async () => {
      await owner.own('CLIPBOARD', (request) => {
        owner.answer(request, ATOM, 32, words(0x1fff_ffff, owner.atom('image/png'), 0x1fff_fffe));
      });
      expect(await watched.next()).toEqual(offered('image/png'));
    });

    it('takes what is at the start of a huge list', async () => {
      await owner.own('CLIPBOARD', (request) => {
        const list = Buffer.alloc(200_000, words(owner.atom('TIME')));
        words(owner.atom('image/png')).copy(list);
        owner.answer(request, ATOM, 32, list);
      });
      expect(await watched.next()).toEqual(offered('image/png'));
    });

    it.each([
      ['refuses it', (request) => owner.refuse(request)],
      ['answers it in 8 bits', (request) => owner.answer(request, ATOM, 8, Buffer.from('UTF8_STRING'))],
      ['answers it with text', (request) => owner.answer(request, 'STRING', 8, Buffer.from('hello'))],
      ['says that it answered and set no property', (request) => owner.notify(request, request.property)],
    ] satisfies [string, RawClient['onRequest']][])('reads STRING from an owner that %s', async (_, onTargets) => {
      await owner.own('CLIPBOARD', (request) => {
        if (request.target === owner.atom('TARGETS')) return onTargets(request);
        if (request.target !== owner.atom('STRING')) return owner.refuse(request);
        owner.answer(request, 'STRING', 8, Buffer.from([0x6f, 0x6c, 0x64, 0xe9]));
      });
      expect(await watched.next()).toEqual(offered(TEXT_TYPE));
      expect(await readText()).toBe('oldé');
    });

    it('offers nothing for an owner that never answers, and the next owner is not held up', async () => {
      await owner.own('CLIPBOARD', () => {});
      expect(await watched.next()).toEqual(offered());
      await owner.own('CLIPBOARD', () => {});
      const next = await RawClient.connect(xvfb);
      const start = Date.now();
      await next.ownOffering(['image/png'], () => {});
      expect(await watched.next()).toEqual(offered('image/png'));
      expect(Date.now() - start).toBeLessThan(SILENCE_MS);
      await next.die();
    });

    it('ignores the answer of an owner that was replaced meanwhile', async () => {
      let late = () => {};
      const next = await RawClient.connect(xvfb);
      owner.onRequest = (request) => {
        late = () => owner.answer(request, ATOM, 32, words(owner.atom('text/html')));
        next.connection.setSelectionOwner(next.window, next.atom('CLIPBOARD'), request.time);
      };
      next.onRequest = (request) => {
        late();
        void owner.sync().then(() => next.answer(request, ATOM, 32, words(next.atom('image/png'))));
      };
      await owner.own();
      expect(await watched.next()).toEqual(offered('image/png'));
      expect(watched.queue).toEqual([]);
      await next.die();
    });

    it('makes a read wait for the types of a new owner', async () => {
      // Before the owner is: the request for its types may come while own() still awaits its own round trip.
      let reading: Promise<string> | undefined;
      await owner.own('CLIPBOARD', (request) => {
        if (request.target !== owner.atom('TARGETS'))
          return owner.answer(request, 'UTF8_STRING', 8, Buffer.from('new'));
        const answer = () => owner.answer(request, ATOM, 32, words(owner.atom('UTF8_STRING')));
        reading = readText();
        void owner.sync().then(answer);
      });
      await watched.next();
      expect(await reading).toBe('new');
    });
  });

  describe('content', () => {
    it.each([
      ['UTF8_STRING', Buffer.from('é€'), 'é€'],
      ['STRING', Buffer.from([0xe9]), 'é'],
      ['COMPOUND_TEXT', Buffer.from('\xe9\x1b%G\xe2\x82\xac\x1b%@', 'latin1'), 'é€'],
    ] as const)('decodes an answer to TEXT by its type %s', async (type, bytes, expected) => {
      await owner.ownOffering(['TEXT'], (request) => owner.answer(request, type, 8, bytes));
      await watched.next();
      expect(await readText()).toBe(expected);
    });

    it('asks for UTF8_STRING though it is last in the list, and for the next target where it is refused', async () => {
      const asked: number[] = [];
      await owner.ownOffering(['COMPOUND_TEXT', 'STRING', 'UTF8_STRING'], (request) => {
        asked.push(request.target);
        if (asked.length === 1) owner.refuse(request);
        else owner.answer(request, 'STRING', 8, Buffer.from('second'));
      });
      await watched.next();
      expect(await readText()).toBe('second');
      expect(asked).toEqual([owner.atom('UTF8_STRING'), owner.atom('STRING')]);
    });

    it('tells a refusal, a foreign character set, and a wrong format apart', async () => {
      let answer: RawClient['onRequest'] = (request) => owner.refuse(request);
      await owner.ownOffering(['TEXT'], (request) => answer(request));
      await watched.next();
      await expect(read()).rejects.toMatchObject({ code: 'owner-refused' });
      answer = (request) => owner.answer(request, 'COMPOUND_TEXT', 8, Buffer.from('\x1b-B\xb1', 'latin1'));
      await expect(read()).rejects.toMatchObject({ code: 'bad-answer' });
      answer = (request) => owner.answer(request, 'UTF8_STRING', 32, words(1));
      await expect(read()).rejects.toMatchObject({ code: 'bad-answer' });
      answer = (request) => owner.answer(request, 'UTF8_STRING', 8, Buffer.from('good again'));
      expect(await readText()).toBe('good again');
    });

    it('times out on an owner that never gives content, and then reads from it again', async () => {
      let silent = true;
      await owner.ownOffering(['UTF8_STRING'], (request) => {
        if (!silent) owner.answer(request, 'UTF8_STRING', 8, Buffer.from('awake'));
      });
      await watched.next();
      await expect(read()).rejects.toMatchObject({ code: 'timed-out' });
      silent = false;
      expect(await readText()).toBe('awake');
    });

    it('tells at once that an owner died before it answered', async () => {
      await owner.ownOffering(['UTF8_STRING'], () => void owner.die());
      await watched.next();
      const start = Date.now();
      await expect(read()).rejects.toMatchObject({ code: 'owner-died' });
      expect(Date.now() - start).toBeLessThan(SILENCE_MS);
      expect(await watched.next()).toEqual({ kind: 'cleared', selection: 'clipboard' });
    });

    it('tells at once that another copy came before the answer', async () => {
      await owner.ownOffering(['UTF8_STRING'], () => void owner.own());
      await watched.next();
      await expect(read()).rejects.toMatchObject({ code: 'owner-changed' });
    });

    it('tells that the owner gave the selection up before the answer', async () => {
      await owner.ownOffering(['UTF8_STRING'], (request) => {
        owner.connection.setSelectionOwner(0, owner.atom('CLIPBOARD'), request.time);
      });
      await watched.next();
      await expect(read()).rejects.toMatchObject({ code: 'no-owner' });
      expect(await watched.next()).toEqual({ kind: 'cleared', selection: 'clipboard' });
    });

    it('reads the answer of an owner that dies as soon as it has given it', async () => {
      await owner.ownOffering(['UTF8_STRING'], (request) => {
        owner.answer(request, 'UTF8_STRING', 8, Buffer.alloc(MiB, 'x'));
        void owner.die();
      });
      await watched.next();
      expect(await read()).toHaveLength(MiB);
    });
  });

  describe('INCR', () => {
    /** Gives the content in pieces; `hook` is called before each and may stop the owner by returning false. */
    async function ownIncremental(pieces: Buffer[], announced: number, hook: (piece: number) => boolean = () => true) {
      await owner.ownOffering(['image/png'], (request) => {
        let piece = 0;
        owner.beginIncremental(request, announced, () => {
          if (piece > pieces.length || !hook(piece)) return;
          const bytes = pieces[piece++] ?? Buffer.alloc(0);
          owner.connection.changeProperty(request.requestor, request.property, owner.atom('image/png'), 8, bytes);
        });
      });
      await watched.next();
    }
    const pieces = [Buffer.alloc(MiB, 1), Buffer.alloc(1000, 2), Buffer.alloc(MiB - 3, 3)];
    const whole = Buffer.concat(pieces);

    it.each([
      ['exactly', whole.length],
      ['too small', 1],
      ['too large', 10 * MiB],
      ['as nothing', 0],
    ])('gathers pieces whose size was announced %s', async (_, announced) => {
      await ownIncremental(pieces, announced);
      expect(Buffer.from(await read('image/png')).equals(whole)).toBe(true);
    });

    it('gathers a transfer that has no pieces at all', async () => {
      await ownIncremental([], 0);
      expect(await read('image/png')).toHaveLength(0);
    });

    it('ignores a second SelectionNotify in the middle', async () => {
      let request: Parameters<RawClient['onRequest']>[0] | undefined;
      await ownIncremental(pieces, 0, () => {
        if (request !== undefined) owner.notify(request, request.property);
        return true;
      });
      const answer = owner.onRequest;
      owner.onRequest = (event) => {
        request = event;
        answer(event);
      };
      expect(Buffer.from(await read('image/png')).equals(whole)).toBe(true);
    });

    it('tells at once that the owner died in the middle', async () => {
      await ownIncremental(pieces, 0, (piece) => {
        if (piece < 2) return true;
        void owner.die();
        return false;
      });
      const start = Date.now();
      await expect(read('image/png')).rejects.toMatchObject({ code: 'owner-died' });
      expect(Date.now() - start).toBeLessThan(SILENCE_MS);
    });

    it('tells at once that the owner destroyed its window in the middle', async () => {
      await ownIncremental(pieces, 0, (piece) => {
        if (piece < 2) return true;
        owner.connection.destroyWindow(owner.window);
        return false;
      });
      await expect(read('image/png')).rejects.toMatchObject({ code: 'owner-died' });
    });

    it('times out when the owner stops in the middle', async () => {
      await ownIncremental(pieces, 0, (piece) => piece < 2);
      await expect(read('image/png')).rejects.toMatchObject({ code: 'timed-out' });
    });

    it('stops at the limit, before the piece that passes it, and at an announcement beyond it', async () => {
      await ownIncremental(pieces, 0);
      await expect(read('image/png', MiB + 999)).rejects.toMatchObject({ code: 'too-large' });
      await ownIncremental(pieces, 1e9);
      await expect(read('image/png')).rejects.toMatchObject({ code: 'too-large' });
      await ownIncremental(pieces, 0);
      expect(await read('image/png', whole.length)).toHaveLength(whole.length);
    });

    it('goes on reading other things while one transfer hangs', async () => {
      await ownIncremental(pieces, 0, (piece) => piece < 1);
      const hanging = expect(read('image/png')).rejects.toMatchObject({ code: 'timed-out' });
      const primary = await RawClient.connect(xvfb);
      await primary.own('PRIMARY', (request) => {
        if (request.target === primary.atom('TARGETS')) {
          primary.answer(request, ATOM, 32, words(primary.atom('UTF8_STRING')));
        } else {
          primary.answer(request, 'UTF8_STRING', 8, Buffer.from('beside it'));
        }
      });
      await watched.next();
      const text = await watched.backend.read('primary', TEXT_TYPE, { maxBytes: 100 });
      expect(Buffer.from(text).toString()).toBe('beside it');
      await hanging;
      await primary.die();
    });
  });
});
