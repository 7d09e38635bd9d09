import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { TEXT_TYPE } from '@clipmux/host';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { memoryOf } from '../bench/process-usage.ts';
import { type Chain, type Program, startChain } from '../support/chain.ts';
import { guestCopy, hostCopy, hostPaste, sha256 } from '../support/exchange.ts';
import { until } from '../support/wait.ts';
import { startXvfb, type Xvfb } from '../support/xvfb.ts';

const MEBIBYTE = 1024 * 1024;

/** What issue 2 allows clipmuxd at its peak while 256 MiB come from the host, in MiB. */
const DAEMON_PEAK_MIB = 100;

/** What the agent may keep of a 64 MiB transfer a few seconds after it, in MiB. */
const AGENT_KEEPS_MIB = 10;
const FEW_SECONDS_MS = 5_000;

/** A repeating pattern of a length that is prime, so that no piece of any size equals the one before it. */
function large(size: number): Buffer {
  const pattern = Buffer.from(Array.from({ length: 65_537 }, (_, index) => 0x20 + ((index * index * 31) % 95)));
  return Buffer.alloc(size, pattern);
}

/** Pastes without holding it: the length and checksum of what xclip prints. */
async function pasteDigest(xvfb: Xvfb): Promise<{ size: number; digest: string }> {
  const args = ['-out', '-selection', 'clipboard', '-target', 'UTF8_STRING'];
  const xclip = spawn('xclip', args, { env: xvfb.env, stdio: ['ignore', 'pipe', 'inherit'] });
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of xclip.stdout as AsyncIterable<Buffer>) {
    hash.update(piece);
    size += piece.length;
  }
  return { size, digest: hash.digest('hex') };
}

function memory(program: Program) {
  return memoryOf(program.process.pid ?? Number.NaN);
}

describe('large contents', () => {
  let xvfb: Xvfb;
  let chain: Chain;

  beforeAll(async () => {
    xvfb = await startXvfb();
  });
  afterAll(() => xvfb?.stop());
  beforeEach(async () => {
    chain = await startChain({ display: xvfb });
  });
  afterEach(async () => {
    await chain?.stop();
  });

  it('of 256 MiB come from the host unharmed, and clipmuxd never holds the whole', async () => {
    const content = large(256 * MEBIBYTE);
    await hostCopy(chain, { [TEXT_TYPE]: content });
    expect(await pasteDigest(xvfb)).toEqual({ size: content.length, digest: sha256(content) });
    expect(memory(chain.daemon).peak).toBeLessThan(DAEMON_PEAK_MIB);
  });

  it('of 256 MiB go to the host unharmed, and clipmuxd never holds the whole', async () => {
    const content = large(256 * MEBIBYTE);
    await guestCopy(chain, content);
    const pasted = await hostPaste(chain, 'clipboard', TEXT_TYPE, 50_000);
    expect({ size: pasted.length, digest: sha256(pasted) }).toEqual({ size: content.length, digest: sha256(content) });
    expect(memory(chain.daemon).peak).toBeLessThan(128);
  });

  it('of 64 MiB leave no mark on the agent’s memory a few seconds later, either way', async () => {
    const atStart = memory(chain.agent).rss;
    const givenBack = () =>
      until(
        () => memory(chain.agent).rss < atStart + AGENT_KEEPS_MIB,
        `the agent to come back from ${memory(chain.agent).rss.toFixed()} MiB to ${atStart.toFixed()} MiB`,
        FEW_SECONDS_MS,
      );
    const content = large(64 * MEBIBYTE);
    await hostCopy(chain, { [TEXT_TYPE]: content });
    expect((await pasteDigest(xvfb)).size).toBe(content.length);
    expect(memory(chain.agent).peak, 'the agent holds what it serves').toBeGreaterThan(atStart + 64);
    await givenBack();
    await guestCopy(chain, content);
    expect(await hostPaste(chain)).toHaveLength(content.length);
    await givenBack();
  });
});
