import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TEXT_TYPE } from '../../packages/selections/src/index.ts';
import { xclipCopy, xclipPaste } from '../support/xclip.ts';
import { startXvfb, type Xvfb } from '../support/xvfb.ts';
import { RawClient } from './raw-client.ts';
import { type WatchedBackend, watchOpen } from './watched-backend.ts';

describe('taking and giving up selections', () => {
  let xvfb: Xvfb;
  let watched: WatchedBackend;
  let program: RawClient;

  beforeAll(async () => {
    xvfb = await startXvfb();
  });
  afterAll(() => xvfb.stop());
  beforeEach(async () => {
    watched = await watchOpen(xvfb);
    program = await RawClient.connect(xvfb);
  });
  afterEach(async () => {
    if (!program.connection.ended) await program.own(); // whoever owns the selection ends
    await program.die();
    await watched.backend.close();
  });

  const own = (text: string) => watched.backend.own('clipboard', [TEXT_TYPE], async () => Buffer.from(text));
  const paste = async () => (await xclipPaste(xvfb, { target: 'UTF8_STRING' })).toString();
  const offered = { kind: 'offer', selection: 'clipboard', types: ['image/png'] };

  /** Lets everything that has happened on the display reach the backend's listeners. */
  async function settle(): Promise<void> {
    await program.sync();
    const marker = await RawClient.connect(xvfb);
    await marker.own('PRIMARY', (request) => marker.refuse(request));
    await watched.until((told) => {
      if (told.kind !== 'closed' && told.selection === 'primary') return true;
      throw new Error(`unexpected ${JSON.stringify(told)}`);
    }, 'the marker');
    await marker.die();
    await watched.until((told) => told.kind === 'cleared' && told.selection === 'primary', 'the end of the marker');
  }

  it('tells nothing of its own grabs and releases', async () => {
    expect(await own('one')).toBe(true);
    expect(await own('two')).toBe(true);
    expect(await paste()).toBe('two');
    await watched.backend.disown('clipboard');
    await watched.backend.disown('clipboard');
    await settle();
    await expect(paste()).rejects.toThrow();
  });

  it('carries out what it was asked for in order, without waiting in between', async () => {
    const results = [own('1'), own('2'), watched.backend.disown('clipboard'), own('3')];
    expect(await Promise.all(results)).toEqual([true, true, undefined, true]);
    expect(await paste()).toBe('3');
    await settle();
  });

  it('drops the offer of a program whose copy it has superseded', async () => {
    await program.ownOffering(['image/png'], () => {});
    expect(await own('later')).toBe(true);
    watched.queue.length = 0; // what was told before came before
    await settle();
    expect(await paste()).toBe('later');
  });

  it('tells of a program that takes the selection, and refuses to read its own', async () => {
    await own('ours');
    const read = watched.backend.read('clipboard', TEXT_TYPE, { maxBytes: 10 });
    await expect(read).rejects.toMatchObject({ code: 'no-owner' });
    await program.ownOffering(['image/png'], () => {});
    expect(await watched.next()).toEqual(offered);
  });

  it('does not take the selection back from a program when it gives up', async () => {
    await own('ours');
    await program.ownOffering(['image/png'], () => {});
    await watched.backend.disown('clipboard');
    expect(await watched.next()).toEqual(offered);
    await settle();
  });

  it('tells that a program which took the selection from us has died', async () => {
    await own('ours');
    await program.ownOffering(['image/png'], () => {});
    await watched.next();
    await program.die();
    expect(await watched.next()).toEqual({ kind: 'cleared', selection: 'clipboard' });
  });

  it('agrees with the display after racing with a program 200 times, and never offers what it superseded', async () => {
    await program.ownOffering(['image/png'], () => {});
    await watched.next();
    const clipboard = program.atom('CLIPBOARD');
    for (let round = 0; round < 200; round++) {
      const taking = own(`round ${round}`);
      // Sent at a random moment of the grab: before its time is asked for, before or after it is sent.
      for (let i = 0; i < round % 7; i++) await new Promise(setImmediate);
      program.connection.setSelectionOwner(program.window, clipboard, await program.time());
      const stands = await taking;
      const before = watched.queue.length;
      await program.sync();
      const owner = await new Promise((resolve) => program.connection.getSelectionOwner(clipboard, resolve));
      if (owner === program.window) {
        const told = await watched.until((event) => event.kind === 'offer', `the offer of round ${round}`);
        expect(told).toEqual(offered);
      } else {
        expect(stands).toBe(true);
        await program.sync();
        expect(watched.queue.slice(before)).toEqual([]);
        await program.ownOffering(['image/png'], () => {});
        await watched.until((event) => event.kind === 'offer', 'the offer that follows');
      }
    }
  });

  it('tells true, and then the offer, when a program takes the selection right after the grab', async () => {
    await own('ours'); // what `own` needs is known from now on, so that the next one is sent at once
    const taking = own('for a moment');
    // While this process stands still, the server gives the selection to us and xclip takes it.
    const options = { env: xvfb.env, timeout: 10_000 };
    spawnSync('xclip', ['-in', '-selection', 'clipboard'], {
      ...options,
      input: 'theirs',
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const args = ['-out', '-selection', 'clipboard', '-target', 'UTF8_STRING'];
    while (spawnSync('xclip', args, options).stdout.toString() !== 'theirs');
    expect(await taking).toBe(true);
    expect(await watched.next()).toEqual({ kind: 'offer', selection: 'clipboard', types: [TEXT_TYPE] });
    const text = await watched.backend.read('clipboard', TEXT_TYPE, { maxBytes: 10 });
    expect(Buffer.from(text).toString()).toBe('theirs');
  });

  it('takes the selection from xclip, which then ends', async () => {
    const copier = xclipCopy(xvfb, 'theirs');
    await watched.next();
    expect(await own('ours')).toBe(true);
    await copier.ended;
    expect(await paste()).toBe('ours');
  });
});
