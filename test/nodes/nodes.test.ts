import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { TEXT_TYPE } from '@clipmux/host';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { makePayload } from '../bench/payload.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { guestCopy, hostCopy, hostPaste, ownedForHost, sha256 } from '../support/exchange.ts';
import { run, stopProcess } from '../support/processes.ts';
import { xclipCopy, xclipPaste } from '../support/xclip.ts';
import { HOST_PROGRAM, NPM_HAS_NODE, OTHER_NODES, otherNode, PROGRAMS } from './nodes.ts';

const execute = promisify(execFile);

/** Large enough for several INCR pieces, whoever cuts them. */
const IMAGE_BYTES = 3 * 1024 * 1024;

describe.skipIf(!NPM_HAS_NODE).each(OTHER_NODES)('on Node %s', (version) => {
  test('the Node is of that version', async () => {
    const { stdout } = await execute(otherNode(version), ['--version']);
    expect(stdout).toMatch(new RegExp(`^v${version.replace('.', '\\.')}\\.`));
  });

  test.each(PROGRAMS)('$name prints its version and nothing else', async ({ path }) => {
    const { stdout, stderr } = await execute(otherNode(version), [path, '--version']);
    expect(stdout).toContain(packageJson.version);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(stderr).toBe('');
  });

  test.each(PROGRAMS)('$name explains its options', async ({ name, path }) => {
    const { stdout, stderr } = await execute(otherNode(version), [path, '--help']);
    expect(stdout).toContain(`Usage: ${name}`);
    expect(stdout).toContain('--help');
    expect(stderr).toBe('');
  });

  describe('the whole chain', () => {
    let chain: Chain;

    beforeAll(async () => {
      chain = await startChain({ node: otherNode(version) });
    });
    afterAll(() => chain?.stop());

    test('text and an image come from the host', async () => {
      const image = makePayload('png', IMAGE_BYTES);
      await hostCopy(chain, { [TEXT_TYPE]: 'für 😀', 'image/png': image });
      expect((await xclipPaste(chain.xvfb, { target: 'UTF8_STRING' })).toString()).toBe('für 😀');
      expect(sha256(await xclipPaste(chain.xvfb, { target: 'image/png' }))).toBe(sha256(image));
    });

    test('text and an image go to the host', async () => {
      const text = await guestCopy(chain, 'für 😀', { selection: 'primary' });
      expect((await hostPaste(chain, 'primary')).toString()).toBe('für 😀');
      const image = makePayload('png', IMAGE_BYTES);
      const picture = await guestCopy(chain, image, { target: 'image/png' });
      expect(sha256(await hostPaste(chain, 'clipboard', 'image/png'))).toBe(sha256(image));
      await Promise.all([text.stop(), picture.stop()]);
    });

    test('clipmux-host copies and pastes from the command line', async () => {
      await chain.closeListener();
      const host = [HOST_PROGRAM, '--socket', chain.portSocket, '--listen'];
      const owned = ownedForHost(chain);
      const copy = spawn(otherNode(version), [...host, 'copy'], { stdio: ['pipe', 'ignore', 'inherit'] });
      copy.stdin.end('für alle');
      await owned;
      expect((await xclipPaste(chain.xvfb, { target: 'UTF8_STRING' })).toString()).toBe('für alle');
      await stopProcess(copy);
      expect(copy.exitCode).toBe(0);
      const paste = run(otherNode(version), [...host, 'paste', '--wait']);
      const { stop } = xclipCopy(chain.xvfb, 'zurück');
      expect((await paste).stdout.toString()).toBe('zurück');
      await stop();
    });
  });
});
