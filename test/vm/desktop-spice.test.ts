/**
 * clipmux in a Debian guest over SPICE, with remote-viewer on a display of this machine: alone, then with the stock daemon behind it, which does the
 * pointer and the resolution. The stock agent runs alone in the same guest afterwards, for comparison.
 */
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makePng } from '../support/png.ts';
import { until } from '../support/wait.ts';
import { type Copier, xclipCopy, xclipPaste, xclipTargets } from '../support/xclip.ts';
import { agentReady, installClipmux, removeClipmux, startStockAgent } from './desktop/clipmux.ts';
import { Desktop } from './desktop/desktop.ts';
import type { GuestSession } from './desktop/session.ts';
import { packagePath } from './image/clipmux-package.ts';
import { Matrix, type MatrixRow } from './matrix.ts';
import { SpiceViewer } from './viewers/spice-viewer.ts';

const SLOW_MS = 120_000;
/** What a person waits until copying again; far more than it takes. */
const COPY_AGAIN_MS = 20_000;
const TEXT = 'UTF8_STRING';
const SELECTIONS = ['clipboard', 'primary'] as const;
type Selection = (typeof SELECTIONS)[number];

const matrix = new Matrix();
let desktop: Desktop;
let viewer: SpiceViewer;
let alice: GuestSession;
let agent: MatrixRow['agent'] = 'clipmux';
const copiers: Copier[] = [];

const spiceSocket = () => join(desktop.folder, 'spice.sock');

beforeAll(async () => {
  viewer = await SpiceViewer.prepare();
  desktop = await Desktop.boot({
    vga: 'qxl',
    devices: (folder) => [
      ...['-spice', `unix=on,addr=${join(folder, 'spice.sock')},disable-ticketing=on`],
      ...['-chardev', 'spicevmc,id=vdagent,name=vdagent'],
      ...['-device', 'virtserialport,chardev=vdagent,name=com.redhat.spice.0'],
    ],
  });
  alice = desktop.session('alice');
  await installClipmux(desktop);
  await viewer.connect(spiceSocket());
});

afterEach(async () => {
  expect(viewer.running, 'the viewer lives').toBe(true);
  for (const copier of copiers.splice(0)) await copier.stop();
});

afterAll(async () => {
  console.log(`test:vm spice:\n${matrix}`);
  await viewer?.stop();
  await desktop?.stop();
});

const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');

const row = (direction: MatrixRow['direction'], selection: MatrixRow['selection'], content: string): MatrixRow => ({
  agent,
  host: 'SPICE, remote-viewer',
  direction,
  selection,
  content,
});

/** Copies on the viewer's display and pastes in the guest until what was copied comes out there. */
async function toGuest(
  content: Uint8Array | string,
  selection: Selection,
  target = TEXT,
  timeoutMs = SLOW_MS,
): Promise<void> {
  const expected = sha256(Buffer.from(content));
  copiers.push(xclipCopy(viewer.display, content, { selection, target }));
  await until(
    async () => {
      const targets = await alice.targets(selection);
      if (!targets.includes(target)) return false;
      return sha256(await alice.paste(selection, target).catch(() => Buffer.alloc(0))) === expected;
    },
    `${target} of the viewer's ${selection} in the guest`,
    timeoutMs,
  );
}

/**
 * As a person does who sees that nothing comes: copies once more. What is copied while the agent is away, or while it has not said yet that it has
 * clipboards, the viewer takes for announced, and the agent is met anew more than once after a restart.
 */
async function toGuestInTheEnd(text: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await toGuest(text, 'clipboard', TEXT, COPY_AGAIN_MS);
      return;
    } catch (error) {
      if (attempt * COPY_AGAIN_MS >= SLOW_MS) throw error;
    }
  }
}

async function toHost(content: Uint8Array | string, selection: Selection, target = TEXT): Promise<void> {
  const expected = sha256(Buffer.from(content));
  await alice.copy(content, selection, target);
  await until(
    async () => {
      const targets = await xclipTargets(viewer.display, selection).catch((): string[] => []);
      if (!targets.includes(target)) return false;
      const options = { selection, target, timeoutMs: SLOW_MS };
      return sha256(await xclipPaste(viewer.display, options).catch(() => Buffer.alloc(0))) === expected;
    },
    `${target} of the guest's ${selection} on the viewer's display`,
    SLOW_MS,
  );
}

/** Every kind of content, both ways. */
async function exchangeAll(name: string, run: Matrix['row']): Promise<void> {
  for (const selection of SELECTIONS) {
    const text = `${name} ${selection}: äöü € 漢\nsecond line`;
    await run(row('host → guest', selection, 'text'), () => toGuest(`host ${text}`, selection));
    await run(row('guest → host', selection, 'text'), () => toHost(`guest ${text}`, selection));
    const png = makePng(200, selection === 'primary' ? 100 : 150);
    await run(row('host → guest', selection, 'PNG'), () => toGuest(png, selection, 'image/png'));
    await run(row('guest → host', selection, 'PNG'), () => toHost(png, selection, 'image/png'));
  }
}

/** Text that does not compress, of 8 MiB. */
const large = () => randomBytes(4 * 1024 * 1024).toString('hex');

/** The guest's pointer goes where the viewer's goes: first to one corner, then to the one opposite. */
async function pointerFollows(): Promise<void> {
  const [width, height] = await alice.resolution();
  for (const share of [0.25, 0.75]) {
    await until(
      async () => {
        // Again and again: the first motion only tells the viewer that the pointer has come in.
        await viewer.point(share + 0.01 * Math.random(), share);
        const { x, y } = await alice.pointer();
        return Math.abs(x / width - share) < 0.2 && Math.abs(y / height - share) < 0.2;
      },
      `the guest's pointer to follow the viewer's to ${share} of the display`,
      SLOW_MS,
    );
  }
}

/**
 * The guest's display gets the size of the viewer's window, but for what the viewer keeps for its own bars and rounds off. QXL tells the guest itself,
 * and the guest's kernel offers it as the preferred mode; whether the desktop takes it is the desktop's business.
 */
async function resolutionFollows(width: number, height: number): Promise<void> {
  await viewer.resize(width, height);
  await until(
    async () => {
      const [x, y] = await alice.preferredResolution();
      return Math.abs(x - width) <= 16 && y <= height && y > height - 160;
    },
    `the guest's display to be offered about ${width} by ${height}`,
    SLOW_MS,
  );
}

describe('clipmux', () => {
  it('carries text and images both ways in both selections', async () => {
    await exchangeAll('clipmux', (...parameters) => matrix.row(...parameters));
  });

  it('carries 8 MiB to the guest', async () => {
    await matrix.row(row('host → guest', 'clipboard', '8 MiB of text'), () => toGuest(large(), 'clipboard'));
  });

  it('leaves the resolution to the display', async () => {
    await matrix.row(row('host → guest', '–', 'resolution'), () => resolutionFollows(1200, 1000));
  });

  it('serves a viewer that left and came back', async () => {
    await viewer.disconnect();
    await viewer.connect(spiceSocket());
    await toGuest('from the viewer that came back', 'clipboard');
    await toHost('to the viewer that came back', 'clipboard');
  });

  it('heals after systemctl restart clipmuxd', async () => {
    const from = desktop.journal.now;
    await desktop.shell.succeed('systemctl restart clipmuxd');
    await desktop.journal.said(/the host has announced itself/, from);
    await desktop.journal.said(/a session connected/, from);
    await toGuestInTheEnd('after the restart');
    await toHost('to the host after the restart', 'clipboard');
  });
});

describe('clipmux with the stock daemon behind it', () => {
  it('is told of before it is there: what is lost, and what to do', async () => {
    const report = (await desktop.shell.run('clipmuxctl --json doctor')).stdout.toString();
    expect(report).toContain('stock-agent-missing');
    expect(report).toContain('agent-mouse=off');
  });

  it('takes the rest of the port', async () => {
    agent = 'both';
    const from = desktop.journal.now;
    await startStockAgent(desktop);
    await agentReady(desktop, 'alice', from);
    await desktop.journal.said(/the stock daemon does the rest of the port/, from);
    expect((await desktop.shell.run('clipmuxctl --json doctor')).stdout.toString()).not.toContain(
      'stock-agent-missing',
    );
    await viewer.disconnect();
    await viewer.connect(spiceSocket());
  });

  it('has the clipboard carried by clipmux', async () => {
    await exchangeAll('both', (...parameters) => matrix.row(...parameters));
  });

  it('moves the pointer', async () => {
    await matrix.row(row('host → guest', '–', 'pointer'), pointerFollows);
  });

  it('leaves the resolution to the display', async () => {
    await matrix.row(row('host → guest', '–', 'resolution'), async () => {
      await resolutionFollows(1100, 900);
      await resolutionFollows(900, 700);
    });
  });

  it.each(['spice-vdagentd', 'clipmuxd'])('heals after systemctl restart %s', async (unit) => {
    const from = desktop.journal.now;
    await desktop.shell.succeed(`systemctl restart ${unit}`);
    await desktop.journal.said(/the stock daemon does the rest of the port/, from);
    await toGuestInTheEnd(`after the restart of ${unit}`);
    await toHost(`to the host after the restart of ${unit}`, 'clipboard');
    await pointerFollows();
  });
});

describe('the package, removed and installed again', () => {
  it('gives the port to the stock daemon, and takes it back', async () => {
    await desktop.shell.succeed('DEBIAN_FRONTEND=noninteractive apt-get remove --yes --quiet clipmux');
    await startStockAgent(desktop);
    const port = 'ls -l /proc/$(systemctl show --property=MainPID --value spice-vdagentd.service)/fd | grep /dev/vport';
    await until(async () => (await desktop.shell.run(port)).code === 0, 'the stock daemon to have the port', SLOW_MS);
    const from = desktop.journal.now;
    await desktop.install(packagePath());
    await desktop.journal.said(/the host has announced itself/, from);
  });
});

describe('the stock agent in the same guest', () => {
  it('is measured', async () => {
    await removeClipmux(desktop);
    await startStockAgent(desktop);
    agent = 'spice-vdagent';
    await viewer.disconnect();
    await viewer.connect(spiceSocket());
    await exchangeAll('stock', (...parameters) => matrix.compare(...parameters));
    await matrix.compare(row('host → guest', 'clipboard', '8 MiB of text'), () => toGuest(large(), 'clipboard'));
    await matrix.compare(row('host → guest', '–', 'pointer'), pointerFollows);
    await matrix.compare(row('host → guest', '–', 'resolution'), () => resolutionFollows(1000, 800));
  });
});
