import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TEXT_TYPE, X11Backend } from '../../packages/selections/src/index.ts';
import { startXvfb } from '../support/xvfb.ts';
import { RawClient } from './raw-client.ts';
import { watch, watchOpen } from './watched-backend.ts';

const counted = (value: Buffer | string) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
};

/** An Xauthority file with one local cookie for any display. */
const cookies = (cookie: Buffer) =>
  Buffer.concat([
    Buffer.from([1, 0]),
    counted(hostname()),
    counted(''),
    counted('MIT-MAGIC-COOKIE-1'),
    counted(cookie),
  ]);

describe('the display', () => {
  it('is told to be gone when the server is killed, and what waits for it ends', async () => {
    const xvfb = await startXvfb();
    const watched = await watchOpen(xvfb);
    const owner = await RawClient.connect(xvfb);
    await owner.ownOffering(['UTF8_STRING'], () => {
      void xvfb.stop('SIGKILL');
    });
    await watched.next();
    let aborted = false;
    await watched.backend.own('primary', [TEXT_TYPE], (_, signal) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise(() => {});
    });
    owner.connection.convertSelection(
      owner.window,
      owner.atom('PRIMARY'),
      owner.atom('UTF8_STRING'),
      owner.atom('P0'),
      0,
    );
    await owner.sync();
    const read = watched.backend.read('clipboard', TEXT_TYPE, { maxBytes: 10 });
    await expect(read).rejects.toMatchObject({ code: 'display-lost' });
    expect(await watched.next()).toEqual({ kind: 'closed', code: 'display-lost' });
    expect(aborted).toBe(true);
    const later = watched.backend.own('clipboard', [TEXT_TYPE], async () => Buffer.alloc(0));
    await expect(later).rejects.toMatchObject({ code: 'display-lost' });
    await watched.backend.close();
    expect(watched.queue).toEqual([]);
  });

  it('is not told to be gone after close', async () => {
    const xvfb = await startXvfb();
    const watched = await watchOpen(xvfb);
    await watched.backend.close();
    await watched.backend.close();
    await xvfb.stop();
    expect(watched.queue).toEqual([]);
  });

  it.each([
    ['no display is named', '', 'display-invalid'],
    ['the name is none', 'nonsense', 'display-invalid'],
    ['nobody listens', ':54321', 'display-unreachable'],
  ])('says so when %s', async (_, display, code) => {
    const backend = new X11Backend({ env: { DISPLAY: display } });
    await expect(backend.open()).rejects.toMatchObject({ code });
  });

  it('gives a server up that accepts and says nothing', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(6000 + 321, '127.0.0.1', resolve));
    const backend = new X11Backend({ env: { DISPLAY: '127.0.0.1:321' }, limits: { connectMs: 200 } });
    await expect(backend.open()).rejects.toMatchObject({ code: 'display-unreachable' });
    silent.close();
  });

  it('counts as lost when the server leaves a request unanswered', async () => {
    const xvfb = await startXvfb();
    const watched = await watchOpen(xvfb, { replyMs: 200 });
    xvfb.process.kill('SIGSTOP');
    const owning = watched.backend.own('clipboard', [TEXT_TYPE], async () => Buffer.alloc(0));
    await expect(owning).rejects.toMatchObject({ code: 'display-lost' });
    expect(await watched.next()).toEqual({ kind: 'closed', code: 'display-lost' });
    xvfb.process.kill('SIGCONT');
    await xvfb.stop();
  });

  it('shows the cookie of XAUTHORITY, and says what to do without it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'clipmux-'));
    const [right, wrong] = [join(directory, 'right'), join(directory, 'wrong')];
    await writeFile(right, cookies(randomBytes(16)));
    await writeFile(wrong, cookies(randomBytes(16)));
    const xvfb = await startXvfb({ authFile: right });
    const watched = watch(xvfb);
    await watched.backend.open();
    await watched.backend.close();
    for (const XAUTHORITY of [wrong, join(directory, 'missing')]) {
      const backend = new X11Backend({ display: xvfb.display, env: { XAUTHORITY } });
      const message = expect.stringContaining(XAUTHORITY);
      await expect(backend.open()).rejects.toMatchObject({ code: 'display-refused', message });
    }
    await xvfb.stop();
    await rm(directory, { recursive: true });
  });

  it('needs XFIXES, and says so', async () => {
    const xvfb = await startXvfb({ args: ['-extension', 'XFIXES'] });
    const watched = watch(xvfb);
    await expect(watched.backend.open()).rejects.toMatchObject({ code: 'xfixes-missing' });
    await xvfb.stop();
  });

  it('sends pieces that fit the largest request of the server', async () => {
    const xvfb = await startXvfb({ args: ['-maxbigreqsize', '1'] });
    const watched = await watchOpen(xvfb);
    const content = randomBytes(5_000_001);
    await watched.backend.own('clipboard', ['image/png'], async () => content);
    const requestor = await RawClient.connect(xvfb);
    await requestor.convert('image/png', 'P0');
    expect((await requestor.gather('P0')).equals(content)).toBe(true);
    await requestor.die();
    await watched.backend.close();
    await xvfb.stop();
  });
});
