import { SELECTION_NAMES, TEXT_TYPE } from '@clipmux/host';
import { ClipboardSelection, ClipboardType } from '@clipmux/vdagent';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Chain, startChain } from '../support/chain.ts';
import { guestCopies, guestCopy, hostCopy, hostPaste, nextEvent, ownedForHost } from '../support/exchange.ts';
import { type Selection, xclipCopy, xclipPaste, xclipTargets } from '../support/xclip.ts';
import { startXvfb, type Xvfb } from '../support/xvfb.ts';

describe('selections', () => {
  let xvfb: Xvfb;
  let chain: Chain;

  beforeAll(async () => {
    xvfb = await startXvfb();
  });
  afterAll(() => xvfb?.stop());
  afterEach(() => chain?.stop());

  async function paste(selection: Selection = 'clipboard'): Promise<string> {
    return (await xclipPaste(chain.xvfb, { selection, target: 'UTF8_STRING' })).toString();
  }

  it('are independent of one another when both are the host’s', async () => {
    chain = await startChain({ display: xvfb });
    await hostCopy(chain, 'for CLIPBOARD', 'clipboard');
    await hostCopy(chain, 'for PRIMARY', 'primary');
    expect([await paste('clipboard'), await paste('primary')]).toEqual(['for CLIPBOARD', 'for PRIMARY']);
  });

  it('are independent of one another when both are the guest’s', async () => {
    chain = await startChain({ display: xvfb });
    await guestCopy(chain, 'in CLIPBOARD', { selection: 'clipboard' });
    await guestCopy(chain, 'in PRIMARY', { selection: 'primary' });
    const pasted = await Promise.all(SELECTION_NAMES.map((selection) => hostPaste(chain, selection)));
    expect(pasted.map(String)).toEqual(['in CLIPBOARD', 'in PRIMARY']);
  });

  it('are independent of one another when one is the host’s and one the guest’s', async () => {
    chain = await startChain({ display: xvfb });
    await hostCopy(chain, 'the host’s', 'clipboard');
    await guestCopy(chain, 'the guest’s', { selection: 'primary' });
    expect(chain.host.owns('clipboard')).toBe(true);
    expect(await paste('clipboard')).toBe('the host’s');
    expect((await hostPaste(chain, 'primary')).toString()).toBe('the guest’s');
    chain.host.release('clipboard');
    await chain.agent.said(/nothing is owned for the host selection=clipboard/);
    expect((await hostPaste(chain, 'primary')).toString()).toBe('the guest’s');
  });

  it('pass from the guest to the host and back', async () => {
    chain = await startChain({ display: xvfb });
    const copier = await guestCopy(chain, 'first the guest');
    await hostCopy(chain, 'then the host');
    await copier.ended; // xclip ends when it loses the selection
    expect(await paste()).toBe('then the host');
    const lost = nextEvent(chain.host, 'lost');
    await guestCopy(chain, 'the guest again');
    expect((await lost).selection).toBe('clipboard');
    expect((await hostPaste(chain)).toString()).toBe('the guest again');
  });

  it('keep PRIMARY to the guest where the host knows CLIPBOARD only', async () => {
    chain = await startChain({ display: xvfb, host: { selection: false } });
    await hostCopy(chain, 'for CLIPBOARD');
    expect(await paste()).toBe('for CLIPBOARD');
    const copier = xclipCopy(chain.xvfb, 'stays here', { selection: 'primary' });
    // In the order of the wire a grab of PRIMARY would come before that of CLIPBOARD.
    await chain.agent.said(/a program has the selection selection=primary/);
    await guestCopy(chain, 'goes to the host');
    expect(chain.host.offered('primary')).toBeUndefined();
    expect((await hostPaste(chain)).toString()).toBe('goes to the host');
    expect(await paste('primary')).toBe('stays here');
    await copier.stop();
  });

  it('give the newest content when an owner copies again, either side', async () => {
    chain = await startChain({ display: xvfb });
    let released = 0;
    chain.host.on('released', () => {
      released += 1;
    });
    await hostCopy(chain, 'old');
    await hostCopy(chain, { 'image/png': Buffer.from('new') });
    expect(await xclipTargets(chain.xvfb)).not.toContain('UTF8_STRING');
    expect((await xclipPaste(chain.xvfb, { target: 'image/png' })).toString()).toBe('new');
    await guestCopy(chain, 'old');
    await guestCopies(chain, () => xclipCopy(chain.xvfb, 'new', { target: 'image/png' }));
    expect(chain.host.offered('clipboard')).toEqual(['image/png']);
    expect((await hostPaste(chain, 'clipboard', 'image/png')).toString()).toBe('new');
    expect(released, 'releases between grabs').toBe(0);
  });

  it('are released before a regrab only for a SPICE client that asks for it', async () => {
    chain = await startChain({ display: xvfb, host: { manner: 'spice', noReleaseOnRegrab: false } });
    await guestCopy(chain, 'old');
    const released = nextEvent(chain.host, 'released');
    await guestCopy(chain, 'new');
    expect((await released).selection).toBe('clipboard');
    expect((await hostPaste(chain)).toString()).toBe('new');
  });

  it('are empty in the guest after the host has released them', async () => {
    chain = await startChain({ display: xvfb });
    await hostCopy(chain, 'soon gone');
    chain.host.release('clipboard');
    await chain.agent.said(/nothing is owned for the host selection=clipboard/);
    await expect(paste()).rejects.toThrow(/xclip ended with 1/);
  });

  it('are empty in the guest after a grab of what cannot be served: old content is not pasted as the new', async () => {
    chain = await startChain({ display: xvfb, host: { grabSerial: false } });
    const copier = await guestCopy(chain, 'old');
    const owned = ownedForHost(chain);
    const types = [ClipboardType.FILE_LIST];
    chain.host.send({ type: 'clipboard-grab', selection: ClipboardSelection.CLIPBOARD, types });
    await owned;
    await copier.ended;
    await expect(paste()).rejects.toThrow(/xclip ended with 1/);
    expect(await xclipTargets(chain.xvfb)).toEqual(['TARGETS', 'TIMESTAMP', 'MULTIPLE']);
  });

  it('hold what a program owned before the agent started', async () => {
    const copier = xclipCopy(xvfb, 'there before');
    await new Promise((resolve) => copier.process.stdin?.once('close', resolve));
    chain = await startChain({ display: xvfb });
    if (!chain.host.offered('clipboard')) await nextEvent(chain.host, 'grabbed');
    expect(chain.host.offered('clipboard')).toEqual([TEXT_TYPE]);
    expect((await hostPaste(chain)).toString()).toBe('there before');
    await copier.stop();
  });
});
