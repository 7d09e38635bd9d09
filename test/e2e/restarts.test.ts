import { existsSync, mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accepts, type Chain, Program, startChain } from '../support/chain.ts';
import { guestCopy, hostCopy, hostPaste, nextEvent, ownedForHost } from '../support/exchange.ts';
import { type Selection, xclipPaste } from '../support/xclip.ts';
import { startXvfb, type Xvfb } from '../support/xvfb.ts';

const REFUSED = /xclip ended with 1/;

describe('a restart', () => {
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

  async function paste(selection: Selection = 'clipboard'): Promise<string> {
    return (await xclipPaste(xvfb, { selection, target: 'UTF8_STRING' })).toString();
  }

  /** The host owns CLIPBOARD, a program in the guest PRIMARY. */
  async function bothOwn(): Promise<void> {
    await hostCopy(chain, 'the host’s', 'clipboard');
    await guestCopy(chain, 'the guest’s', { selection: 'primary' });
  }

  async function expectBothOffersHold(): Promise<void> {
    expect(await paste('clipboard')).toBe('the host’s');
    expect((await hostPaste(chain, 'primary')).toString()).toBe('the guest’s');
  }

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'of clipmuxd after %s: the agent reconnects, and both offers hold',
    async (signal) => {
      await bothOwn();
      const from = chain.agent.lines;
      await chain.daemon.stop(signal);
      await chain.agent.said(/nothing is owned for the host selection=clipboard/, from);
      await expect(paste('clipboard'), 'without clipmuxd nobody can serve the host’s content').rejects.toThrow(REFUSED);
      const [owned, grabbed] = [ownedForHost(chain), nextEvent(chain.host, 'grabbed')];
      chain.daemon = await chain.startDaemon();
      await chain.agent.said(/connected to clipmuxd/, from);
      await owned;
      expect((await grabbed).selection).toBe('primary');
      await expectBothOffersHold();
    },
  );

  it('of clipmuxd in the middle of a paste refuses it, and the next one is served', async () => {
    await hostCopy(chain, 'slow');
    chain.host.setFaults({ requests: 'never-answer' });
    const requested = nextEvent(chain.host, 'requested');
    const refused = expect(paste()).rejects.toThrow(REFUSED);
    await requested;
    await chain.daemon.stop('SIGKILL');
    await refused;
    chain.host.setFaults({});
    const owned = ownedForHost(chain);
    chain.daemon = await chain.startDaemon();
    await owned;
    expect(await paste()).toBe('slow');
  });

  it('of the agent after SIGKILL: the host is told that nobody serves it, then offered it again, and its own offer holds', async () => {
    await bothOwn();
    const released = nextEvent(chain.host, 'released');
    await chain.agent.stop('SIGKILL');
    expect((await released).selection).toBe('primary');
    await expect(paste('clipboard')).rejects.toThrow(REFUSED);
    const grabbed = nextEvent(chain.host, 'grabbed');
    chain.agent = await chain.startAgent();
    await chain.agent.said(/the selection is owned for the host selection=clipboard/);
    expect((await grabbed).selection).toBe('primary');
    await expectBothOffersHold();
  });

  it('of the agent leaves what programs own with them, and nothing of the host’s behind', async () => {
    await bothOwn();
    await chain.agent.stop('SIGTERM');
    expect(chain.agent.process.exitCode).toBe(0);
    await expect(paste('clipboard')).rejects.toThrow(REFUSED);
    expect(await paste('primary')).toBe('the guest’s');
    await chain.daemon.said(/a session disconnected .*shutting-down|a session disconnected .*agent ends/);
  });

  it('is not what the agent tries when its display is gone: it ends with status 3 and says why', async () => {
    const display = await startXvfb();
    const args = ['--socket', chain.sessionSocket, '--display', display.display];
    const agent = new Program('clipmux-session', args, { env: display.env });
    await agent.said(/connected to clipmuxd/);
    await display.stop('SIGKILL');
    expect(await agent.exit()).toBe(3);
    expect(agent.log).toMatch(/error .*display/i);
  });

  it('of the display is answered with status 3 by an agent that starts too early', async () => {
    const agent = new Program('clipmux-session', ['--socket', chain.sessionSocket, '--display', ':4711']);
    expect(await agent.exit()).toBe(3);
    expect(agent.log).toMatch(/error .*:4711/);
  });
});

describe('clipmuxd’s session socket', () => {
  let xvfb: Xvfb;
  let chain: Chain;
  const programs: Program[] = [];

  beforeAll(async () => {
    xvfb = await startXvfb();
    chain = await startChain({ display: xvfb });
  });
  afterAll(async () => {
    await chain?.stop();
    await xvfb?.stop();
  });

  afterEach(() => Promise.all(programs.splice(0).map((program) => program.stop())));

  /** A path in a folder of its own: beside the session socket clipmuxd makes its control socket. */
  function ownPath(): string {
    return join(mkdtempSync(join(chain.directory, 'own-')), 'session.sock');
  }

  function startAt(path: string): Program {
    const args = ['--port', `unix:${chain.portSocket}`, '--session-socket', path, '--no-logind'];
    const daemon = new Program('clipmuxd', args);
    programs.push(daemon);
    return daemon;
  }

  it('is there for all users when clipmuxd is ready, and gone when it has ended as asked, with status 0', async () => {
    const path = ownPath();
    const daemon = startAt(path);
    await daemon.said(/ready/);
    expect(await accepts(path)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o666);
    await daemon.stop('SIGTERM');
    expect(daemon.process.exitCode).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  it('is made anew where a killed clipmuxd has left its file', async () => {
    const path = ownPath();
    const killed = startAt(path);
    await killed.said(/ready/);
    await killed.stop('SIGKILL');
    expect(existsSync(path)).toBe(true);
    expect(await accepts(path)).toBe(false);
    const next = startAt(path);
    await next.said(/ready/);
    expect(await accepts(path)).toBe(true);
  });

  it('is not taken from a clipmuxd that runs', async () => {
    const second = startAt(chain.sessionSocket);
    expect(await second.exit()).toBe(1);
    expect(second.log).toMatch(/error .*another process listens/);
    expect(await accepts(chain.sessionSocket)).toBe(true);
  });

  it('has a path that a socket can have: else clipmuxd ends with 2, and leaves nothing', async () => {
    const folder = mkdtempSync(join(chain.directory, 'own-'));
    for (const path of ['', join(folder, 'x'.repeat(120))]) {
      const daemon = startAt(path);
      expect(await daemon.exit()).toBe(2);
      expect(daemon.log).toMatch(/--session-socket: .*must have 1 to 107 bytes/);
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it('in a folder that is not there makes clipmuxd say so', async () => {
    const daemon = startAt('/nowhere/at/all.sock');
    expect(await daemon.exit()).toBe(1);
    expect(daemon.log).toMatch(/error clipmuxd: cannot listen on .*: there is no folder \/nowhere/);
  });

  it('does not replace a file of another kind', async () => {
    const path = ownPath();
    writeFileSync(path, 'precious');
    const daemon = startAt(path);
    expect(await daemon.exit()).toBe(1);
    expect(daemon.log).toMatch(/error .*is no socket/);
    expect(statSync(path).size).toBe(8);
  });
});
