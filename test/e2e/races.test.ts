import { TEXT_TYPE } from '@clipmux/host';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RawClient } from '../selections/raw-client.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { contentsOf, guestCopy, hostCopy, hostPaste, nextEvent } from '../support/exchange.ts';
import { seeded } from '../support/random.ts';
import { until } from '../support/wait.ts';
import { xclipPaste } from '../support/xclip.ts';
import { startXvfb, type Xvfb } from '../support/xvfb.ts';

/** A program that copies faster than a person can: each copy has a number and is text or, every other time, a PNG. */
class FastCopier {
  readonly client: RawClient;
  copy = 0;

  constructor(client: RawClient) {
    this.client = client;
    client.onRequest = (request) => {
      const isTargets = request.target === client.atom('TARGETS');
      if (isTargets) client.answer(request, 4, 32, Buffer.from(Uint32Array.of(client.atom(this.#target())).buffer));
      else if (request.target === client.atom(this.#target()))
        client.answer(request, this.#target(), 8, Buffer.from(`copy ${this.copy}`));
      else client.refuse(request);
    };
  }

  get type(): string {
    return this.copy % 2 === 0 ? 'image/png' : TEXT_TYPE;
  }

  async copyNext(): Promise<void> {
    const { client } = this;
    const time = await client.time();
    this.copy += 1;
    client.connection.setSelectionOwner(client.window, client.atom('CLIPBOARD'), time);
  }

  #target(): string {
    return this.copy % 2 === 0 ? 'image/png' : 'UTF8_STRING';
  }
}

describe('races', () => {
  let xvfb: Xvfb;
  let chain: Chain;
  const clients: RawClient[] = [];

  beforeAll(async () => {
    xvfb = await startXvfb();
  });
  afterAll(() => xvfb?.stop());
  afterEach(async () => {
    await chain?.stop();
    await Promise.all(clients.splice(0).map((client) => client.die()));
  });

  async function fastCopier(): Promise<FastCopier> {
    const client = await RawClient.connect(xvfb);
    clients.push(client);
    return new FastCopier(client);
  }

  /** What has been said so far is heard everywhere: a copy of PRIMARY each way comes after it, twice, as answers may follow. */
  async function flush(): Promise<void> {
    for (let round = 1; round <= 2; round += 1) {
      await hostCopy(chain, `flush ${round}`, 'primary');
      await guestCopy(chain, `flush ${round}`, { selection: 'primary' });
    }
  }

  async function pasteInGuest(type = TEXT_TYPE): Promise<string> {
    const target = type === TEXT_TYPE ? 'UTF8_STRING' : type;
    return (await xclipPaste(xvfb, { target })).toString();
  }

  /** Both sides name the same owner, and whoever pastes gets its newest content. */
  async function expectAgreement(hostContent: string, program: FastCopier): Promise<void> {
    const { host } = chain;
    const offered = host.offered('clipboard');
    if (host.owns('clipboard')) {
      expect(offered).toBeUndefined();
      expect(await pasteInGuest(), 'the host owns, so the guest pastes its content').toBe(hostContent);
    } else {
      expect(offered).toEqual([program.type]);
      expect((await hostPaste(chain, 'clipboard', program.type)).toString()).toBe(`copy ${program.copy}`);
      expect(await pasteInGuest(program.type), 'the guest owns').toBe(`copy ${program.copy}`);
    }
  }

  it('of 1000 rapid copies in the guest end with the last one at the host', async () => {
    chain = await startChain({ display: xvfb });
    const program = await fastCopier();
    let grabs = 0;
    chain.host.on('grabbed', () => {
      grabs += 1;
    });
    while (program.copy < 1000) await program.copyNext();
    await flush();
    expect(chain.host.owns('clipboard')).toBe(false);
    await expectAgreement('', program);
    expect(grabs).toBeLessThanOrEqual(1000 + 2); // and those of flush
  });

  it('of 200 rapid copies at the host end with the last one in the guest, whatever is pasted meanwhile', async () => {
    chain = await startChain({ display: xvfb });
    const pastes: Promise<unknown>[] = [];
    for (let copy = 1; copy <= 200; copy += 1) {
      chain.host.copy('clipboard', contentsOf(copy % 2 ? { 'image/png': 'picture' } : `copy ${copy}`));
      if (copy % 25 === 0) pastes.push(pasteInGuest().catch(() => 'refused'));
      if (copy % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await chain.agent.said(/the selection is owned for the host selection=clipboard serial=200/);
    expect(await pasteInGuest()).toBe('copy 200');
    for (const pasted of await Promise.all(pastes)) expect(pasted).toMatch(/^copy \d+$|^refused$/);
  });

  const CASES = (['qemu', 'spice'] as const).flatMap((manner) => [1, 2, 3, 4].map((seed) => ({ manner, seed })));

  it.each(CASES)(
    'of host and guest (like $manner, seed $seed) end with both sides agreeing on the owner',
    async ({ manner, seed }) => {
      chain = await startChain({ display: xvfb, host: { manner } });
      const program = await fastCopier();
      const random = seeded(seed);
      let hostContent = '';
      for (let step = 1; step <= 80; step += 1) {
        if (random() < 0.5) {
          hostContent = `host ${step}`;
          chain.host.copy('clipboard', contentsOf(hostContent));
        } else await program.copyNext();
        const pause = random();
        if (pause < 0.3) await new Promise((resolve) => setTimeout(resolve, pause * 20));
        else if (pause < 0.6) await new Promise((resolve) => setImmediate(resolve));
      }
      await flush();
      await expectAgreement(hostContent, program);
      expect(chain.daemon.log).not.toMatch(/ error /);
    },
  );

  const CROSSINGS = (['qemu', 'spice'] as const).flatMap((manner) => [
    { manner, copies: 1, winner: 'host' },
    { manner, copies: 2, winner: 'guest' },
  ]);

  it.each(CROSSINGS)(
    'of $copies of the guest’s and one of the host’s that cross are won by the $winner (like $manner)',
    async ({ manner, copies, winner }) => {
      chain = await startChain({ display: xvfb, host: { manner } });
      const program = await fastCopier();
      await hostCopy(chain, 'before'); // from here on both sides use the same serial next
      chain.host.setFaults({ reading: false });
      for (let copy = 1; copy <= copies; copy += 1) {
        const from = chain.daemon.lines;
        await program.copyNext();
        await chain.daemon.said(/owner changed selection=clipboard owner="session/, from);
      }
      const discarded = nextEvent(chain.host, 'grabDiscarded');
      chain.host.copy('clipboard', contentsOf('the host’s'));
      chain.host.setFaults({});
      expect((await discarded).selection).toBe('clipboard');
      await flush();
      expect(chain.host.owns('clipboard') ? 'host' : 'guest').toBe(winner);
      await expectAgreement('the host’s', program);
    },
  );

  it('without serials end with both sides agreeing where copies do not cross', async () => {
    chain = await startChain({ display: xvfb, host: { grabSerial: false } });
    const program = await fastCopier();
    const random = seeded(5);
    let hostContent = '';
    for (let step = 1; step <= 30; step += 1) {
      if (random() < 0.5) {
        hostContent = `host ${step}`;
        await hostCopy(chain, hostContent);
        expect(await pasteInGuest()).toBe(hostContent);
      } else {
        await program.copyNext();
        await until(() => chain.host.offered('clipboard')?.[0] === program.type, 'the grab');
        expect((await hostPaste(chain, 'clipboard', program.type)).toString()).toBe(`copy ${program.copy}`);
      }
    }
    await expectAgreement(hostContent, program);
  });
});
