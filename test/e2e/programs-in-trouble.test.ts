import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { TEXT_TYPE } from '@clipmux/host';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../packages/selections/src/limits.ts';
import { RawClient } from '../selections/raw-client.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { guestCopies, guestCopy, hostCopy, hostPaste, nextEvent, sha256 } from '../support/exchange.ts';
import { stopProcess } from '../support/processes.ts';
import { xclipCopy, xclipPaste } from '../support/xclip.ts';
import { startXvfb, type Xvfb } from '../support/xvfb.ts';

const MEBIBYTE = 1024 * 1024;

describe('a program in trouble', () => {
  let xvfb: Xvfb;
  let chain: Chain;
  const clients: RawClient[] = [];

  beforeAll(async () => {
    xvfb = await startXvfb();
  });
  afterAll(() => xvfb?.stop());
  beforeEach(async () => {
    chain = await startChain({ display: xvfb });
  });
  afterEach(async () => {
    await chain?.stop();
    await Promise.all(clients.splice(0).map((client) => client.die()));
  });

  async function rawClient(): Promise<RawClient> {
    const client = await RawClient.connect(xvfb);
    clients.push(client);
    return client;
  }

  /** Everything still works: content crosses both ways. */
  async function expectWorking(): Promise<void> {
    await hostCopy(chain, 'still working');
    expect((await xclipPaste(xvfb, { target: 'UTF8_STRING' })).toString()).toBe('still working');
    await guestCopy(chain, 'here, too');
    expect((await hostPaste(chain)).toString()).toBe('here, too');
  }

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'that owned and ended with %s leaves nothing at the host',
    async (signal) => {
      const copier = await guestCopy(chain, 'soon gone');
      const released = nextEvent(chain.host, 'released');
      await copier.stop(signal);
      expect((await released).selection).toBe('clipboard');
      await expect(hostPaste(chain)).rejects.toMatchObject({ code: 'nothing-to-paste' });
      await expectWorking();
    },
  );

  it('that owned and ended in the middle of a transfer leaves the host with an empty answer', async () => {
    const owner = await rawClient();
    const grabbed = nextEvent(chain.host, 'grabbed');
    let pieces = 0;
    await owner.ownOffering(['UTF8_STRING'], (request) => {
      owner.beginIncremental(request, 8 * MEBIBYTE, () => {
        pieces += 1;
        if (pieces === 3) void owner.die();
        else
          owner.connection.changeProperty(
            request.requestor,
            request.property,
            owner.atom('UTF8_STRING'),
            8,
            Buffer.alloc(MEBIBYTE, 'x'),
          );
      });
    });
    await grabbed;
    const released = nextEvent(chain.host, 'released');
    expect(await hostPaste(chain)).toHaveLength(0);
    await released;
    await expectWorking();
  });

  it('that owns and never answers costs the host a bounded time and an empty answer, and nobody else anything', async () => {
    const silent = await guestCopy(chain, 'never told');
    silent.process.kill('SIGSTOP');
    const startedAt = performance.now();
    const answer = hostPaste(chain);
    await guestCopy(chain, 'meanwhile', { selection: 'primary' });
    expect((await hostPaste(chain, 'primary')).toString()).toBe('meanwhile');
    await hostCopy(chain, 'to the guest', 'primary');
    expect((await xclipPaste(xvfb, { selection: 'primary', target: 'UTF8_STRING' })).toString()).toBe('to the guest');
    expect(performance.now() - startedAt).toBeLessThan(DEFAULT_LIMITS.ownerSilenceMs - 1000);
    expect(await answer).toHaveLength(0);
    expect(performance.now() - startedAt).toBeLessThan(DEFAULT_LIMITS.ownerSilenceMs + 2000);
    silent.process.kill('SIGCONT');
    expect((await hostPaste(chain)).toString()).toBe('never told');
  });

  it('that refuses what it has offered gives the host an empty answer at once', async () => {
    const owner = await rawClient();
    const grabbed = nextEvent(chain.host, 'grabbed');
    await owner.ownOffering(['image/png', 'UTF8_STRING'], (request) => owner.refuse(request));
    await grabbed;
    expect(await hostPaste(chain, 'clipboard', 'image/png', 2000)).toHaveLength(0);
    expect(await hostPaste(chain, 'clipboard', TEXT_TYPE, 2000)).toHaveLength(0);
  });

  it('that loses the selection while the host waits leaves an empty answer, not the newer content', async () => {
    const owner = await rawClient();
    const asked = new Promise<void>((resolve) => {
      void owner.ownOffering(['UTF8_STRING'], () => resolve());
    });
    await nextEvent(chain.host, 'grabbed');
    const answer = hostPaste(chain);
    await asked;
    const copy = () => xclipCopy(xvfb, 'newer', { target: 'image/png' });
    await guestCopies(chain, copy);
    expect(await answer).toHaveLength(0);
    expect((await hostPaste(chain, 'clipboard', 'image/png')).toString()).toBe('newer');
  });

  it('that dies or stalls in the middle of a paste of 64 MiB holds nobody up', async () => {
    const text = Buffer.alloc(64 * MEBIBYTE, `${randomBytes(3000).toString('base64')}\n`);
    await hostCopy(chain, { [TEXT_TYPE]: text });
    const [dying, stalling] = [await rawClient(), await rawClient()];
    const begun = [dying, stalling].map((client) => client.convert('UTF8_STRING', 'P0'));
    for (const notify of await Promise.all(begun)) expect(notify.property).not.toBe(0);
    const stalled = new Promise<void>((resolve) => {
      void stalling.gather('P0', (piece) => {
        if (piece === 2) resolve();
        return piece < 2 ? Promise.resolve() : new Promise<void>(() => {});
      });
    });
    const died = new Promise<void>((resolve) => {
      void dying.gather('P0', async (piece) => {
        if (piece < 2) return;
        await dying.die();
        resolve();
        await new Promise(() => {});
      });
    });
    await Promise.all([stalled, died]);
    expect(sha256(await xclipPaste(xvfb, { target: 'UTF8_STRING' }))).toBe(sha256(text));
    await expectWorking();
    expect(chain.agent.log).not.toMatch(/error/);
  });

  it('that is killed while it waits for a paste harms nobody', async () => {
    await hostCopy(chain, { 'image/png': Buffer.alloc(32 * MEBIBYTE, 'x') });
    const requested = nextEvent(chain.host, 'requested');
    const args = ['-out', '-selection', 'clipboard', '-target', 'image/png'];
    const victim = spawn('xclip', args, { env: xvfb.env, stdio: 'ignore' });
    await requested;
    await stopProcess(victim, 'SIGKILL');
    await expectWorking();
  });
});
