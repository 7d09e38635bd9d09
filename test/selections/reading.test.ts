import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TEXT_TYPE } from '../../packages/selections/src/index.ts';
import { type Copier, type Selection, xclipCopy, xselCopy } from '../support/xclip.ts';
import { startXvfb, type Xvfb } from '../support/xvfb.ts';
import { openGtkEntry } from '../support/zenity.ts';
import { RawClient } from './raw-client.ts';
import { type WatchedBackend, watch, watchOpen } from './watched-backend.ts';

const MAX_BYTES = 64 * 1024 * 1024;

describe('reading what programs copy', () => {
  let xvfb: Xvfb;
  let watched: WatchedBackend;
  const copiers: Copier[] = [];

  beforeAll(async () => {
    xvfb = await startXvfb();
  });
  afterAll(() => xvfb.stop());
  beforeEach(async () => {
    watched = await watchOpen(xvfb);
  });
  afterEach(async () => {
    await watched.backend.close();
    await Promise.all(copiers.splice(0).map((copier) => copier.stop()));
  });

  function copy(copier: Copier): Copier {
    copiers.push(copier);
    return copier;
  }

  async function readNext(type = TEXT_TYPE, selection: Selection = 'clipboard'): Promise<Buffer> {
    await watched.until((told) => told.kind === 'offer' && told.types.includes(type), `an offer of ${type}`);
    return Buffer.from(await watched.backend.read(selection, type, { maxBytes: MAX_BYTES }));
  }

  it('reads text with characters of one to four bytes from xclip', async () => {
    copy(xclipCopy(xvfb, 'aé€😀\n'));
    expect((await readNext()).toString()).toBe('aé€😀\n');
  });

  it('reads empty text', async () => {
    copy(xclipCopy(xvfb, ''));
    expect(await readNext()).toHaveLength(0);
  });

  it('reads 16 MiB of text that comes in pieces', async () => {
    const text = randomBytes(12 * 1024 * 1024).toString('base64');
    copy(xclipCopy(xvfb, text));
    expect((await readNext()).equals(Buffer.from(text))).toBe(true);
  });

  it('reads a large text from xsel, which answers twice, and then a small one', async () => {
    const text = 'ü'.repeat(1_500_000);
    copy(xselCopy(xvfb, text));
    expect((await readNext()).toString()).toBe(text);
    for (let i = 0; i < 5; i++) {
      expect(await watched.backend.read('clipboard', TEXT_TYPE, { maxBytes: MAX_BYTES })).toHaveLength(3_000_000);
    }
    copy(xselCopy(xvfb, 'small'));
    expect((await readNext()).toString()).toBe('small');
  });

  it('reads Latin-1 from an owner that has nothing but STRING', async () => {
    copy(xclipCopy(xvfb, Buffer.from([0x63, 0x61, 0x66, 0xe9]), { target: 'STRING' }));
    expect((await readNext()).toString()).toBe('café');
  });

  it('reads a PNG byte by byte as it was', async () => {
    const png = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), randomBytes(3_000_000)]);
    copy(xclipCopy(xvfb, png, { target: 'image/png' }));
    expect((await readNext('image/png')).equals(png)).toBe(true);
  });

  it('reads from a GTK program, by the best of its targets', async () => {
    const entry = await openGtkEntry(xvfb, 'γτκ 😀');
    copy(entry);
    await entry.press('ctrl+a');
    await entry.press('ctrl+c');
    await watched.until((told) => told.kind === 'offer' && told.selection === 'clipboard', 'the GTK offer');
    const text = await watched.backend.read('clipboard', TEXT_TYPE, { maxBytes: MAX_BYTES });
    expect(Buffer.from(text).toString()).toBe('γτκ 😀');
  });

  it('keeps the two selections apart', async () => {
    copy(xclipCopy(xvfb, 'one', { selection: 'clipboard' }));
    expect((await readNext(TEXT_TYPE, 'clipboard')).toString()).toBe('one');
    copy(xclipCopy(xvfb, 'two', { selection: 'primary' }));
    expect((await readNext(TEXT_TYPE, 'primary')).toString()).toBe('two');
    expect(Buffer.from(await watched.backend.read('clipboard', TEXT_TYPE, { maxBytes: 9 })).toString()).toBe('one');
  });

  it('offers what a program owned before it opened', async () => {
    copy(xclipCopy(xvfb, 'earlier'));
    await watched.next();
    const later = watch(xvfb);
    await later.backend.open();
    expect(await later.next()).toEqual({ kind: 'offer', selection: 'clipboard', types: [TEXT_TYPE] });
    await later.backend.close();
  });

  it('tells that the owner exited, and refuses to read then', async () => {
    const copier = copy(xclipCopy(xvfb, 'soon gone'));
    await watched.next();
    await copier.stop('SIGKILL');
    expect(await watched.next()).toEqual({ kind: 'cleared', selection: 'clipboard' });
    const read = watched.backend.read('clipboard', TEXT_TYPE, { maxBytes: MAX_BYTES });
    await expect(read).rejects.toMatchObject({ code: 'no-owner' });
  });

  it('refuses types that are not offered', async () => {
    copy(xclipCopy(xvfb, 'text'));
    await watched.next();
    const read = watched.backend.read('clipboard', 'image/png', { maxBytes: MAX_BYTES });
    await expect(read).rejects.toMatchObject({ code: 'type-unavailable' });
  });

  it.each([100, 3_000_000])('refuses content of %i bytes beyond the limit, and reads it at the limit', async (size) => {
    copy(xclipCopy(xvfb, 'x'.repeat(size)));
    await watched.next();
    const read = (maxBytes: number) => watched.backend.read('clipboard', TEXT_TYPE, { maxBytes });
    await expect(read(size - 1)).rejects.toMatchObject({ code: 'too-large' });
    // xclip serves a second requestor while the first, abandoned one has not taken its pieces.
    expect(await read(size)).toHaveLength(size);
  });

  it('gives a read up when its signal aborts', async () => {
    copy(xclipCopy(xvfb, 'x'.repeat(5_000_000)));
    await watched.next();
    const abort = new AbortController();
    const read = watched.backend.read('clipboard', TEXT_TYPE, { maxBytes: MAX_BYTES, signal: abort.signal });
    abort.abort();
    await expect(read).rejects.toMatchObject({ code: 'aborted' });
  });
});

it('ends with the right offer after 1000 copies of two programs in one burst, and asks few of them', async () => {
  const xvfb = await startXvfb();
  const watched = await watchOpen(xvfb);
  const programs = [await RawClient.connect(xvfb), await RawClient.connect(xvfb)];
  const [text, image] = programs as [RawClient, RawClient];
  let asked = 0;
  await text.ownOffering(['UTF8_STRING'], () => {});
  await image.ownOffering(['image/png'], () => {});
  for (const program of programs) {
    const answer = program.onRequest;
    program.onRequest = (request) => {
      asked++;
      answer(request);
    };
  }
  const time = await text.time();
  for (let i = 0; i < 500; i++) {
    for (const program of programs) {
      program.connection.setSelectionOwner(program.window, program.atom('CLIPBOARD'), time);
    }
  }
  await Promise.all(programs.map((program) => program.sync()));
  expect(asked).toBeLessThan(200);
  await text.ownOffering(['text/html'], (request) => text.answer(request, 'text/html', 8, Buffer.from('last')));
  await watched.until((told) => told.kind === 'offer' && told.types[0] === 'text/html', 'the offer of the last copy');
  const content = await watched.backend.read('clipboard', 'text/html', { maxBytes: 100 });
  expect(Buffer.from(content).toString()).toBe('last');
  expect(watched.queue).toEqual([]);
  await Promise.all(programs.map((program) => program.die()));
  await watched.backend.close();
  await xvfb.stop();
});
