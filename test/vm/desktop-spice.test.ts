/**
 * clipmux in a Debian guest over SPICE, with remote-viewer on a display of this machine. The stock agent runs in the same guest afterwards, for
 * comparison.
 */
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makePng } from '../support/png.ts';
import { until } from '../support/wait.ts';
import { type Copier, xclipCopy, xclipPaste, xclipTargets } from '../support/xclip.ts';
import { installClipmux, removeClipmux, startStockAgent } from './desktop/clipmux.ts';
import { Desktop } from './desktop/desktop.ts';
import type { GuestSession } from './desktop/session.ts';
import { Matrix, type MatrixRow } from './matrix.ts';
import { SpiceViewer } from './viewers/spice-viewer.ts';

const SLOW_MS = 120_000;
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

const row = (direction: MatrixRow['direction'], selection: Selection, content: string): MatrixRow => ({
  agent,
  host: 'SPICE, remote-viewer',
  direction,
  selection,
  content,
});

/** Copies on the viewer's display and pastes in the guest until what was copied comes out there. */
async function toGuest(content: Uint8Array | string, selection: Selection, target = TEXT): Promise<void> {
  const expected = sha256(Buffer.from(content));
  copiers.push(xclipCopy(viewer.display, content, { selection, target }));
  await until(
    async () => {
      const targets = await alice.targets(selection);
      if (!targets.includes(target)) return false;
      return sha256(await alice.paste(selection, target).catch(() => Buffer.alloc(0))) === expected;
    },
    `${target} of the viewer's ${selection} in the guest`,
    SLOW_MS,
  );
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

describe('clipmux', () => {
  it('carries text and images both ways in both selections', async () => {
    await exchangeAll('clipmux', (...parameters) => matrix.row(...parameters));
  });

  it('carries 8 MiB to the guest', async () => {
    await matrix.row(row('host → guest', 'clipboard', '8 MiB of text'), () => toGuest(large(), 'clipboard'));
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
    await toGuest('after the restart', 'clipboard');
    await toHost('to the host after the restart', 'clipboard');
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
  });
});
