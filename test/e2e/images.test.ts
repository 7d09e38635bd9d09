import { randomBytes } from 'node:crypto';
import { SELECTION_NAMES, TEXT_TYPE } from '@clipmux/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawClient } from '../selections/raw-client.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { guestCopy, hostCopy, hostPaste, nextEvent, sha256 } from '../support/exchange.ts';
import { makePng } from '../support/png.ts';
import { xclipPaste, xclipTargets } from '../support/xclip.ts';

describe('images', () => {
  let chain: Chain;
  const png = makePng(640, 480);

  beforeAll(async () => {
    chain = await startChain();
  });
  afterAll(() => chain?.stop());

  it.each(SELECTION_NAMES)('of type PNG come from the host in %s byte by byte as they were', async (selection) => {
    await hostCopy(chain, { 'image/png': png }, selection);
    expect(sha256(await xclipPaste(chain.xvfb, { selection, target: 'image/png' }))).toBe(sha256(png));
  });

  it.each(SELECTION_NAMES)('of type PNG go to the host in %s byte by byte as they were', async (selection) => {
    await guestCopy(chain, png, { selection, target: 'image/png' });
    expect(chain.host.offered(selection)).toEqual(['image/png']);
    expect(sha256(await hostPaste(chain, selection, 'image/png'))).toBe(sha256(png));
  });

  it('of several megabytes cross in pieces, both ways', async () => {
    const large = Buffer.concat([png, randomBytes(5_000_000)]);
    await hostCopy(chain, { 'image/png': large });
    expect(sha256(await xclipPaste(chain.xvfb, { target: 'image/png' }))).toBe(sha256(large));
    await guestCopy(chain, large, { target: 'image/png' });
    expect(sha256(await hostPaste(chain, 'clipboard', 'image/png'))).toBe(sha256(large));
  });

  it.each(['image/bmp', 'image/tiff', 'image/jpeg'])('of type %s keep their type, both ways', async (type) => {
    const image = randomBytes(3000);
    await hostCopy(chain, { [type]: image });
    expect(await xclipTargets(chain.xvfb)).toContain(type);
    expect(await xclipPaste(chain.xvfb, { target: type })).toEqual(image);
    await guestCopy(chain, image, { target: type });
    expect(chain.host.offered('clipboard')).toEqual([type]);
    expect(await hostPaste(chain, 'clipboard', type)).toEqual(image);
  });

  it('are offered by programs under other names too', async () => {
    await guestCopy(chain, 'a bitmap', { target: 'image/x-bmp' });
    expect(chain.host.offered('clipboard')).toEqual(['image/bmp']);
    expect((await hostPaste(chain, 'clipboard', 'image/bmp')).toString()).toBe('a bitmap');
  });

  it('come from the host beside text and in several types, and each is served', async () => {
    const contents = { [TEXT_TYPE]: 'a picture', 'image/png': png, 'image/jpeg': Buffer.from('a jpeg') };
    await hostCopy(chain, contents);
    const targets = await xclipTargets(chain.xvfb);
    expect(targets).toEqual(expect.arrayContaining(['UTF8_STRING', 'image/png', 'image/jpeg']));
    expect(targets).not.toContain('image/tiff');
    const pasted = (target: string) => xclipPaste(chain.xvfb, { target });
    const [jpeg, text, picture] = await Promise.all(['image/jpeg', 'UTF8_STRING', 'image/png'].map(pasted));
    expect(text?.toString()).toBe('a picture');
    expect(jpeg?.toString()).toBe('a jpeg');
    expect(sha256(picture ?? Buffer.alloc(0))).toBe(sha256(png));
  });

  it('go to the host beside text, and each is served; what vdagent has no number for is not offered', async () => {
    const program = await RawClient.connect(chain.xvfb);
    const grabbed = nextEvent(chain.host, 'grabbed');
    await program.ownOffering(['image/png', 'text/html', 'UTF8_STRING'], (request) => {
      if (request.target === program.atom('image/png')) program.answer(request, 'image/png', 8, png);
      else program.answer(request, 'UTF8_STRING', 8, Buffer.from('a picture'));
    });
    expect((await grabbed).types).toEqual([TEXT_TYPE, 'image/png']);
    expect(sha256(await hostPaste(chain, 'clipboard', 'image/png'))).toBe(sha256(png));
    expect((await hostPaste(chain)).toString()).toBe('a picture');
    await program.die();
  });
});
