import { TEXT_TYPE } from '@clipmux/host';
import { Capability, CapabilitySet } from '@clipmux/vdagent';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Chain, type ChainOptions, startChain } from '../support/chain.ts';
import { guestCopy, hostCopy, hostPaste, nextEvent } from '../support/exchange.ts';
import { xclipCopy, xclipPaste } from '../support/xclip.ts';
import { startXvfb, type Xvfb } from '../support/xvfb.ts';

describe('the handshake', () => {
  let xvfb: Xvfb;
  let chain: Chain;

  beforeAll(async () => {
    xvfb = await startXvfb();
  });
  afterAll(() => xvfb?.stop());
  afterEach(async () => {
    await chain?.stop();
  });

  async function start(host: ChainOptions['host'] = {}): Promise<void> {
    chain = await startChain({ display: xvfb, host });
  }

  async function crossesBothWays(): Promise<void> {
    await hostCopy(chain, 'from the host');
    expect((await xclipPaste(xvfb, { target: 'UTF8_STRING' })).toString()).toBe('from the host');
    await guestCopy(chain, 'from the guest');
    expect((await hostPaste(chain)).toString()).toBe('from the guest');
  }

  const MANNERS = ['qemu', 'spice'] as const;
  const BEGINNERS = ['at-open', 'when-asked'] as const;
  const KINDS = MANNERS.flatMap((manner) => BEGINNERS.map((announce) => ({ manner, announce })));

  it.each(KINDS)('succeeds with a host like $manner that announces $announce', async ({ manner, announce }) => {
    await start({ manner, announce });
    expect(chain.daemon.log).toMatch(new RegExp(`announced itself kind=${manner} selection=true grabSerial=true`));
    await crossesBothWays();
  });

  it.each([{ selection: false }, { grabSerial: false }, { selection: false, grabSerial: false }])(
    'succeeds with a host that lacks a capability: %o',
    async (host) => {
      await start(host);
      await crossesBothWays();
    },
  );

  it('is made once a connection: the guest asks only a host that waits, and never twice', async () => {
    for (const announce of BEGINNERS) {
      const announcements: boolean[] = [];
      chain = await startChain({
        display: xvfb,
        host: { announce },
        beforeDaemon: (host) => host.on('capabilities', ({ request }) => announcements.push(request)),
      });
      await crossesBothWays();
      expect(announcements, announce).toEqual([announce === 'when-asked']);
      if (announce === 'at-open') await chain.stop();
    }
  });

  it('tells the user what to do about a host without a clipboard, to which nothing is offered', async () => {
    const MOUSE_ONLY = CapabilitySet.of(Capability.MOUSE_STATE);
    const grabs: unknown[] = [];
    chain = await startChain({
      display: xvfb,
      host: { capabilities: MOUSE_ONLY },
      beforeDaemon: (host) => host.on('grabbed', (event) => grabs.push(event)),
      settles: false,
    });
    await chain.daemon.said(/warning .*clipboard=on/);
    chain.copiers.push(xclipCopy(xvfb, 'stays here'));
    await chain.daemon.said(/owner changed .*owner="?session/);
    // Every message is answered in order: with this answer an earlier grab would have come.
    const answered = nextEvent(chain.host, 'capabilities');
    chain.host.announce();
    await answered;
    expect(grabs).toEqual([]);
  });

  it('repeats what the guest owns to a new client on a port that stays open', async () => {
    await start({ manner: 'spice' });
    await guestCopy(chain, 'still here');
    const grabbed = nextEvent(chain.host, 'grabbed');
    chain.host.announce();
    expect(chain.host.offered('clipboard')).toBeUndefined();
    expect((await grabbed).types).toEqual([TEXT_TYPE]);
    expect((await hostPaste(chain)).toString()).toBe('still here');
    await crossesBothWays();
  });

  it('lets the standing offer of a new client win over what the guest owns', async () => {
    await start({ manner: 'spice' });
    chain.host.on('capabilities', () =>
      chain.host.copy('clipboard', new Map([[TEXT_TYPE, Buffer.from('new client')]])),
    );
    const copier = await guestCopy(chain, 'old');
    chain.host.announce();
    await copier.ended;
    expect((await xclipPaste(xvfb, { target: 'UTF8_STRING' })).toString()).toBe('new client');
    expect(chain.host.owns('clipboard')).toBe(true);
  });

  it('ends what a client owned when it disconnects, and keeps what the guest owns for the next', async () => {
    await start({ manner: 'spice' });
    await hostCopy(chain, 'gone with the client');
    await guestCopy(chain, 'kept for the next', { selection: 'primary' });
    chain.host.clientDisconnected();
    await chain.agent.said(/nothing is owned for the host selection=clipboard/);
    await expect(xclipPaste(xvfb)).rejects.toThrow(/xclip ended with 1/);
    const grabbed = nextEvent(chain.host, 'grabbed');
    chain.host.announce();
    expect((await grabbed).selection).toBe('primary');
    expect((await hostPaste(chain, 'primary')).toString()).toBe('kept for the next');
  });

  it('is made anew after a host closed the link to reset it, as QEMU does, at once and not for ever', async () => {
    await start();
    await hostCopy(chain, 'standing offer');
    await guestCopy(chain, 'of the guest', { selection: 'primary' });
    const connections: number[] = [];
    chain.host.on('connected', ({ at }) => connections.push(at));
    const grabbed = nextEvent(chain.host, 'grabbed');
    const closedAt = performance.now();
    chain.host.disconnect();
    expect((await grabbed).selection).toBe('primary');
    expect(connections).toHaveLength(1);
    expect((connections[0] ?? 0) - closedAt).toBeLessThan(500);
    expect((await xclipPaste(xvfb, { target: 'UTF8_STRING' })).toString()).toBe('standing offer');
    await crossesBothWays();
    expect(connections).toHaveLength(1);
  });

  it('survives a client on the open port of a host that closes it on the guest’s second announcement', async () => {
    await start({ closeOnSecondAnnouncement: true });
    let announced = 1;
    chain.host.on('capabilities', () => {
      announced += 1;
      // The first after the start answers the new client: a host that must reset its serials hangs up on it.
      if (announced === 2) chain.host.disconnect();
    });
    const again = nextEvent(chain.host, 'connected');
    chain.host.announce();
    await again;
    await chain.host.ready({ timeout: 5000 });
    await crossesBothWays();
    expect(announced).toBe(3);
  });
});
