import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TEXT_TYPE } from '../../packages/selections/src/index.ts';
import { xclipPaste, xclipTargets, xselPaste } from '../support/xclip.ts';
import { startXvfb, type Xvfb } from '../support/xvfb.ts';
import { openGtkEntry } from '../support/zenity.ts';
import { type WatchedBackend, watchOpen } from './watched-backend.ts';

const C_LOCALE = { LC_ALL: 'C', LANG: 'C' };

describe('serving programs', () => {
  let xvfb: Xvfb;
  let watched: WatchedBackend;

  beforeAll(async () => {
    xvfb = await startXvfb();
  });
  afterAll(() => xvfb.stop());
  beforeEach(async () => {
    watched = await watchOpen(xvfb);
  });
  afterEach(() => watched.backend.close());

  async function ownText(text: string, selection: 'clipboard' | 'primary' = 'clipboard'): Promise<void> {
    expect(await watched.backend.own(selection, [TEXT_TYPE], async () => Buffer.from(text))).toBe(true);
  }

  it('gives text with characters of one to four bytes to xclip and xsel', async () => {
    await ownText('aé€😀\n');
    expect((await xclipPaste(xvfb, { target: 'UTF8_STRING' })).toString()).toBe('aé€😀\n');
    expect((await xclipPaste(xvfb, { target: 'text/plain;charset=utf-8' })).toString()).toBe('aé€😀\n');
    expect((await xselPaste(xvfb)).toString()).toBe('aé€😀\n');
  });

  it('gives empty text', async () => {
    await ownText('');
    expect(await xclipPaste(xvfb, { target: 'UTF8_STRING' })).toHaveLength(0);
    expect(await xselPaste(xvfb)).toHaveLength(0);
  });

  it('gives Latin-1 to a requestor of STRING, and refuses text that does not fit', async () => {
    await ownText('café');
    expect([...(await xclipPaste(xvfb, { target: 'STRING' }))]).toEqual([0x63, 0x61, 0x66, 0xe9]);
    await ownText('5 €');
    await expect(xclipPaste(xvfb, { target: 'STRING' })).rejects.toThrow('STRING not available');
    expect((await xclipPaste(xvfb, { target: 'UTF8_STRING' })).toString()).toBe('5 €');
  });

  it('gives text to xsel in the C locale', async () => {
    await ownText('plain');
    expect((await xselPaste(xvfb, { env: C_LOCALE })).toString()).toBe('plain');
  });

  it('gives COMPOUND_TEXT as Latin-1 or in a UTF-8 escape', async () => {
    await ownText('é');
    expect([...(await xclipPaste(xvfb, { target: 'COMPOUND_TEXT' }))]).toEqual([0xe9]);
    await ownText('€');
    expect((await xclipPaste(xvfb, { target: 'COMPOUND_TEXT' })).toString()).toBe('\x1b%G€\x1b%@');
  });

  it('is pasted into a GTK program', async () => {
    await ownText('für γτκ 😀');
    const entry = await openGtkEntry(xvfb);
    await entry.press('ctrl+v');
    await entry.press('Return');
    expect(await entry.answer).toBe('für γτκ 😀');
  });

  it.each([256 * 1024, 1024 * 1024, 1024 * 1024 + 1, 16 * 1024 * 1024])('gives %i bytes of text', async (size) => {
    const text = 'é'.repeat(size / 2) + 'x'.repeat(size % 2);
    await ownText(text);
    expect((await xclipPaste(xvfb, { target: 'UTF8_STRING' })).toString() === text).toBe(true);
    expect((await xselPaste(xvfb)).toString() === text).toBe(true);
  });

  it('gives images under their aliases, and asks the provider for their one type', async () => {
    const image = randomBytes(2_000_000);
    const asked: string[] = [];
    await watched.backend.own('clipboard', ['image/png', 'image/bmp'], async (type) => {
      asked.push(type);
      return image;
    });
    expect(await xclipTargets(xvfb)).toEqual([
      'TARGETS',
      'TIMESTAMP',
      'MULTIPLE',
      'image/png',
      'image/bmp',
      'image/x-bmp',
      'image/x-MS-bmp',
    ]);
    expect((await xclipPaste(xvfb, { target: 'image/png' })).equals(image)).toBe(true);
    expect((await xclipPaste(xvfb, { target: 'image/x-MS-bmp' })).equals(image)).toBe(true);
    expect(asked).toEqual(['image/png', 'image/bmp']);
  });

  it('keeps the two selections apart', async () => {
    await ownText('c', 'clipboard');
    await ownText('p', 'primary');
    expect((await xclipPaste(xvfb, { selection: 'clipboard', target: 'UTF8_STRING' })).toString()).toBe('c');
    expect((await xclipPaste(xvfb, { selection: 'primary', target: 'UTF8_STRING' })).toString()).toBe('p');
    await watched.backend.disown('clipboard');
    await expect(xclipPaste(xvfb, { target: 'UTF8_STRING' })).rejects.toThrow();
    expect((await xclipPaste(xvfb, { selection: 'primary', target: 'UTF8_STRING' })).toString()).toBe('p');
  });

  it('owns with no types, so that what was there before cannot be pasted', async () => {
    await ownText('secret');
    expect(await watched.backend.own('clipboard', [], async () => Buffer.from('never'))).toBe(true);
    expect(await xclipTargets(xvfb)).toEqual(['TARGETS', 'TIMESTAMP', 'MULTIPLE']);
    await expect(xclipPaste(xvfb, { target: 'UTF8_STRING' })).rejects.toThrow();
  });

  it('refuses the requestor when the provider fails, and serves the next', async () => {
    let fail = true;
    await watched.backend.own('clipboard', [TEXT_TYPE], async () => {
      if (fail) throw new Error('the host gave nothing');
      return Buffer.from('there');
    });
    await expect(xclipPaste(xvfb, { target: 'UTF8_STRING' })).rejects.toThrow();
    fail = false;
    expect((await xclipPaste(xvfb, { target: 'UTF8_STRING' })).toString()).toBe('there');
  });

  it('asks no clipboard manager to save anything', async () => {
    await ownText('of the host');
    const targets = await xclipTargets(xvfb);
    expect(targets).not.toContain('SAVE_TARGETS');
    await watched.backend.close();
    await expect(xclipPaste(xvfb, { target: 'UTF8_STRING' })).rejects.toThrow();
  });

  it('refuses types that are no valid names, and too many', async () => {
    const provider = async () => Buffer.alloc(0);
    const types = Array.from({ length: 65 }, (_, i) => `a/${i}`);
    await expect(watched.backend.own('clipboard', ['a\nb'], provider)).rejects.toMatchObject({ code: 'bad-type' });
    await expect(watched.backend.own('clipboard', types, provider)).rejects.toMatchObject({ code: 'bad-type' });
  });
});
