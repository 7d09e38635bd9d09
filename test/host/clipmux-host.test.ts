import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accepts, type Chain, Program, startChain } from '../support/chain.ts';
import { run } from '../support/processes.ts';
import { until } from '../support/wait.ts';
import { xclipCopy, xclipPaste } from '../support/xclip.ts';

const HOST_PROGRAM = join(import.meta.dirname, '../../dist/clipmux-host.cjs');

/** The program in the place of the chain's own host endpoint, as a user runs it. */
describe('clipmux-host at the port of a running guest', () => {
  let chain: Chain;
  const common = (): string[] => ['--socket', chain.portSocket, '--listen'];

  beforeAll(async () => {
    chain = await startChain();
    await chain.closeListener();
  });
  afterAll(() => chain?.stop());

  test.each(['qemu', 'spice'])('copies into the guest until SIGTERM, and ends with status 0 (%s)', async (manner) => {
    const host = new Program('clipmux-host', [...common(), '--manner', manner, 'copy', import.meta.filename]);
    const pasted = (): Promise<string> => xclipPaste(chain.xvfb, { target: 'UTF8_STRING' }).then(String, () => '');
    await until(async () => (await pasted()).includes('as a user runs it'), 'the file to be pasted in the guest');
    await host.stop('SIGTERM');
    expect(host.process.exitCode).toBe(0);
    expect(host.log).toBe('');
    await until(async () => (await pasted()) === '', 'the guest to give the content up');
  });

  test.each([
    ['a line', 100, 5],
    ['more than is under way at once', 5 * 1024 * 1024, 3],
  ])('copies with --once %s, and the guest has it whole although the host leaves with the last byte', async (...of) => {
    const [, size, times] = of;
    const content = Buffer.alloc(size, 'only once. ');
    const file = join(chain.directory, 'once.txt');
    await writeFile(file, content);
    for (let time = 0; time < times; time += 1) {
      const { lines } = chain.agent;
      const host = new Program('clipmux-host', [...common(), '--once', 'copy', file]);
      await chain.agent.said(/the selection is owned for the host/, lines);
      const pasted = await xclipPaste(chain.xvfb, { target: 'UTF8_STRING' });
      expect(pasted.equals(content)).toBe(true);
      expect(await host.exit()).toBe(0);
      await chain.agent.said(/nothing is owned for the host/, lines);
    }
  });

  test.each(['qemu', 'spice'])('pastes what the guest owned already (%s)', async (manner) => {
    const copier = xclipCopy(chain.xvfb, 'für den Host', { selection: 'primary' });
    const arguments_ = [...common(), '--manner', manner, '--selection', 'primary', '--wait', 'paste'];
    const outcome = await run(process.execPath, [HOST_PROGRAM, ...arguments_]);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout.toString()).toBe('für den Host');
    await copier.stop();
    await until(async () => !(await accepts(chain.portSocket)), 'the socket to be gone');
  });
});
