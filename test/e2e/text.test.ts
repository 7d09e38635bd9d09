import { randomBytes } from 'node:crypto';
import { SELECTION_NAMES, TEXT_TYPE } from '@clipmux/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Chain, startChain } from '../support/chain.ts';
import { guestCopies, guestCopy, hostCopy, hostPaste, sha256 } from '../support/exchange.ts';
import { until } from '../support/wait.ts';
import { type XclipOptions, xclipPaste, xclipTargets, xselCopy, xselPaste } from '../support/xclip.ts';
import { openGtkEntry } from '../support/zenity.ts';

/** One character each of one, two, three and four bytes, both kinds of line ends, tabs, no line end at the end. */
const EVERY_WIDTH = 'a é € 😀\nline\r\nanother\n\ttab';

/** Text of 16 MiB that does not compress, with characters of several bytes across every boundary there is. */
function sixteenMebibytes(): Buffer {
  const unit = Buffer.from(`${randomBytes(3000).toString('base64')}é€😀\n`);
  return Buffer.alloc(16 * 1024 * 1024, unit);
}

describe('text', () => {
  let chain: Chain;

  beforeAll(async () => {
    chain = await startChain();
  });
  afterAll(() => chain?.stop());

  /** Pastes with a target that is named, as programs do; xclip asks for STRING unless told otherwise. */
  async function paste(options: XclipOptions = {}): Promise<string> {
    return (await xclipPaste(chain.xvfb, { target: 'UTF8_STRING', ...options })).toString();
  }

  describe.each(SELECTION_NAMES)('in the selection %s', (selection) => {
    it('comes from the host as it was, with characters of every width and LF as LF', async () => {
      await hostCopy(chain, EVERY_WIDTH, selection);
      expect(await paste({ selection })).toBe(EVERY_WIDTH);
    });

    it('goes to the host as it was, with characters of every width and LF as LF', async () => {
      await guestCopy(chain, EVERY_WIDTH, { selection });
      expect(chain.host.offered(selection)).toEqual([TEXT_TYPE]);
      expect((await hostPaste(chain, selection)).toString()).toBe(EVERY_WIDTH);
    });

    it('goes to the host empty when it is empty', async () => {
      await guestCopy(chain, '', { selection });
      expect(await hostPaste(chain, selection)).toHaveLength(0);
    });

    it('comes from the host empty when it is empty', async () => {
      await hostCopy(chain, 'not empty', selection);
      await hostCopy(chain, '', selection);
      expect(await paste({ selection })).toBe('');
    });
  });

  it('comes from the host under every text target that programs ask for', async () => {
    await hostCopy(chain, 'für alle');
    const targets = await xclipTargets(chain.xvfb);
    const textTargets = ['UTF8_STRING', 'text/plain;charset=utf-8', 'text/plain', 'TEXT'];
    expect(targets).toEqual(expect.arrayContaining(['TARGETS', 'TIMESTAMP', 'MULTIPLE', 'STRING', ...textTargets]));
    for (const target of textTargets) expect(await paste({ target }), target).toBe('für alle');
  });

  it('goes to the host as UTF-8 from an owner that has Latin-1 only', async () => {
    await guestCopy(chain, Buffer.from('café', 'latin1'), { target: 'STRING' });
    expect((await hostPaste(chain)).toString()).toBe('café');
  });

  it('goes to the host as UTF-8 from xsel in the C locale', async () => {
    const copy = () => xselCopy(chain.xvfb, 'na\u00efve', { env: { LC_ALL: 'C' } });
    await guestCopies(chain, copy);
    expect((await hostPaste(chain)).toString()).toBe('na\u00efve');
  });

  it('comes from the host as Latin-1 for a requestor of STRING', async () => {
    await hostCopy(chain, 'café');
    expect(await xclipPaste(chain.xvfb, { target: 'STRING' })).toEqual(Buffer.from('café', 'latin1'));
  });

  it('is refused to a requestor of STRING where it does not fit Latin-1', async () => {
    await hostCopy(chain, '5 €');
    await expect(xclipPaste(chain.xvfb, { target: 'STRING' })).rejects.toThrow(/xclip ended with 1/);
    expect(await paste()).toBe('5 €');
  });

  it('is pasted by xsel', async () => {
    await hostCopy(chain, 'xsel, too: €');
    expect((await xselPaste(chain.xvfb)).toString()).toBe('xsel, too: €');
  });

  it('of 16 MiB comes from the host unharmed', async () => {
    const text = sixteenMebibytes();
    await hostCopy(chain, { [TEXT_TYPE]: text });
    expect(sha256(await xclipPaste(chain.xvfb, { target: 'UTF8_STRING' }))).toBe(sha256(text));
  });

  it('of 16 MiB goes to the host unharmed', async () => {
    const text = sixteenMebibytes();
    await guestCopy(chain, text);
    expect(sha256(await hostPaste(chain))).toBe(sha256(text));
  });

  it('is pasted from the host by a GTK program', async () => {
    await hostCopy(chain, 'für GTK 😀');
    await hostCopy(chain, 'to be replaced', 'primary');
    const entry = await openGtkEntry(chain.xvfb);
    await entry.press('ctrl+v');
    // The text is in the field once GTK can select it, which makes it PRIMARY.
    await until(async () => {
      await entry.press('ctrl+a');
      return !chain.host.owns('primary');
    }, 'the pasted text in the entry');
    await entry.press('Return');
    expect(await entry.answer).toBe('für GTK 😀');
  });

  it('is copied to the host by a GTK program', async () => {
    const entry = await openGtkEntry(chain.xvfb, 'von GTK 😀');
    await entry.press('ctrl+a');
    await guestCopies(chain, () => {
      void entry.press('ctrl+c');
      return entry;
    });
    expect((await hostPaste(chain)).toString()).toBe('von GTK 😀');
    await entry.stop();
  });
});
