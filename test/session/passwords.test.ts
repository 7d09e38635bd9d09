import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD_MARK_TIMEOUT_MS } from '../../packages/session/src/limits.ts';
import { RawClient } from '../selections/raw-client.ts';
import { type Copier, xclipCopy } from '../support/xclip.ts';
import { startXvfb, type Xvfb } from '../support/xvfb.ts';
import { BuiltAgent } from './built-agent.ts';

const TEXT = 'text/plain;charset=utf-8';
const MARK = 'x-kde-passwordManagerHint';
const MARKED = ['UTF8_STRING', MARK];

describe('a password manager that copies', () => {
  let xvfb: Xvfb;
  let agent: BuiltAgent;
  let manager: RawClient;
  let copier: Copier | undefined;

  beforeAll(async () => {
    xvfb = await startXvfb();
  });
  afterAll(() => xvfb?.stop());
  beforeEach(async () => {
    agent = await BuiltAgent.start(xvfb);
    manager = await RawClient.connect(xvfb);
  });
  afterEach(async () => {
    await manager.die();
    await copier?.stop();
    copier = undefined;
    await agent.stop();
  });

  /** Offers text and the mark; answers each as told, or not at all. */
  function copy(answers: { mark?: string | null; text?: string }): Promise<void> {
    return manager.ownOffering(MARKED, (request) => {
      const isMark = request.target === manager.atom(MARK);
      const answer = isMark ? answers.mark : answers.text;
      if (answer === null) manager.refuse(request);
      else if (answer !== undefined) manager.answer(request, isMark ? MARK : 'UTF8_STRING', 8, Buffer.from(answer));
    });
  }

  const ask = () =>
    agent.wire
      .collect({ selection: 'clipboard', type: TEXT }, { maxBytes: 1000 })
      .then(({ bytes }) => bytes.toString());

  it('makes the grab secret', async () => {
    await copy({ mark: 'secret' });
    expect(await agent.next()).toEqual({
      kind: 'grab',
      selection: 'clipboard',
      types: [TEXT, MARK],
      seen: 0,
      secret: true,
    });
  });

  it('makes it no secret with another mark', async () => {
    await copy({ mark: 'no' });
    expect(await agent.next()).toMatchObject({ kind: 'grab', secret: false });
  });

  it('makes it secret when it refuses the mark that it offers', async () => {
    await copy({ mark: null });
    expect(await agent.next()).toMatchObject({ kind: 'grab', secret: true });
  });

  it('makes it secret when it does not answer, after a bounded time', async () => {
    await copy({});
    const startedAt = performance.now();
    expect(await agent.next()).toMatchObject({ kind: 'grab', secret: true });
    expect(performance.now() - startedAt).toBeLessThan(PASSWORD_MARK_TIMEOUT_MS + 1000);
  });

  it('and is followed by another program before it answers is not told of', async () => {
    await copy({});
    await agent.program.said(/a program has the selection .*passwordManagerHint/);
    copier = await xclipCopy(xvfb, 'harmless', { target: 'UTF8_STRING' });
    expect(await agent.next()).toMatchObject({ kind: 'grab', types: [TEXT], secret: false });
  });

  it('while the content of the program before is asked for gives nothing away', async () => {
    copier = await xclipCopy(xvfb, 'harmless', { target: 'UTF8_STRING' });
    expect(await agent.next()).toMatchObject({ kind: 'grab', secret: false });
    await copy({ text: 'hunter2' });
    await agent.program.said(/a program has the selection .*passwordManagerHint/);
    await expect(ask()).rejects.toMatchObject({ name: 'owner-died' });
    expect(await agent.next()).toMatchObject({ kind: 'grab', secret: true });
  });

  it('gives its password to a clipmuxd that knows and asks', async () => {
    await copy({ mark: 'secret', text: 'hunter2' });
    await agent.next();
    expect(await ask()).toBe('hunter2');
  });
});
