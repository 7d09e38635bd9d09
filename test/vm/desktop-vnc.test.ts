/**
 * clipmux in a Debian guest under QEMU's own vdagent chardev, with a VNC viewer. QEMU carries text only; its VNC server keeps CLIPBOARD only and adds
 * CR and NUL, which clipmux undoes. The stock agent runs in the same guest afterwards, for comparison.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/wait.ts';
import { installClipmux, removeClipmux, startStockAgent } from './desktop/clipmux.ts';
import { Desktop } from './desktop/desktop.ts';
import type { GuestSession } from './desktop/session.ts';
import { Matrix, type MatrixRow } from './matrix.ts';
import { RfbClient } from './viewers/rfb-client.ts';

const SLOW_MS = 120_000;
/** What QEMU takes from a guest or gives to it is below 1 MiB, headers included. */
const LARGE = 900 * 1024;
/** Past QEMU's buffer. */
const TOO_LARGE = 1536 * 1024;

const figures: Record<string, unknown> = {};
const matrix = new Matrix();
let desktop: Desktop;
let viewer: RfbClient;
let alice: GuestSession;

const vncPath = () => join(desktop.folder, 'vnc.sock');

beforeAll(async () => {
  desktop = await Desktop.boot({
    devices: (folder) => [
      ...['-chardev', 'qemu-vdagent,id=vdagent,name=vdagent,clipboard=on'],
      ...['-device', 'virtserialport,chardev=vdagent,name=com.redhat.spice.0'],
      ...['-vnc', `unix:${join(folder, 'vnc.sock')}`],
    ],
  });
  alice = desktop.session('alice');
  await installClipmux(desktop);
  await desktop.journal.said(/the host has announced itself/);
  viewer = await RfbClient.connect(vncPath());
});

afterAll(async () => {
  console.log(`test:vm vnc: ${JSON.stringify(figures)}\n${matrix}`);
  viewer?.close();
  await desktop?.stop();
});

let agent: MatrixRow['agent'] = 'clipmux';
const row = (direction: MatrixRow['direction'], selection: MatrixRow['selection'], content: string): MatrixRow => ({
  agent,
  host: 'qemu-vdagent, VNC',
  direction,
  selection,
  content,
});

/** Waits until an agent owns the clipboard: xclip offers no TIMESTAMP. */
const offered = () =>
  until(
    async () => {
      const targets = await alice.targets();
      return targets.includes('UTF8_STRING') && targets.includes('TIMESTAMP');
    },
    'the guest to be offered text',
    SLOW_MS,
  );

/** Copies in the viewer and pastes in the guest, once the guest has what was copied. */
async function toGuest(text: string): Promise<Buffer> {
  viewer.copy(text);
  await offered();
  return alice.paste();
}

async function toHost(text: string): Promise<Buffer> {
  const notified = viewer.notified();
  await alice.copy(text);
  await notified;
  return viewer.paste();
}

/** The viewer's own NUL at the end of what it is given. */
const withoutNul = (text: Buffer) => text.toString().replace(/\0$/, '');

describe('text', () => {
  it('crosses to the guest without CR and NUL', async () => {
    await matrix.row(row('host → guest', 'clipboard', 'text'), async () => {
      expect((await toGuest('first line\nsecond line: äöü € 漢\n')).toString()).toBe(
        'first line\nsecond line: äöü € 漢\n',
      );
    });
  });

  it('crosses from the guest', async () => {
    await matrix.row(row('guest → host', 'clipboard', 'text'), async () => {
      expect(withoutNul(await toHost('of the guest: äöü € 漢'))).toBe('of the guest: äöü € 漢');
    });
  });

  it('crosses both ways close to QEMU’s limit', async () => {
    const text = 'x'.repeat(LARGE);
    await matrix.row(row('host → guest', 'clipboard', '900 KiB of text'), async () => {
      expect((await toGuest(text)).toString()).toBe(text);
    });
    await matrix.row(row('guest → host', 'clipboard', '900 KiB of text'), async () => {
      expect(withoutNul(await toHost(`${text}!`))).toBe(`${text}!`);
    });
  });

  it('that QEMU drops does not hang the program that pastes, and what comes next is right', async () => {
    viewer.copy('y'.repeat(TOO_LARGE));
    await offered();
    const begun = performance.now();
    expect(await alice.pasteAny()).toBe('');
    figures['paste of what QEMU drops, ms'] = Math.round(performance.now() - begun);
    expect(performance.now() - begun).toBeLessThan(30_000);
    expect((await toGuest('after that')).toString()).toBe('after that');
  });

  it('marked with the mouse does not overwrite the viewer’s clipboard', async () => {
    let notices = 0;
    const count = () => {
      notices += 1;
    };
    viewer.on('notified', count);
    await alice.copy('only marked', 'primary');
    // What is copied after it arrives; so what was marked before would have arrived too.
    expect(withoutNul(await toHost('copied'))).toBe('copied');
    viewer.off('notified', count);
    expect(notices).toBe(1);
  });
});

describe('trouble', () => {
  it('a viewer that leaves and comes back has the clipboard again', async () => {
    viewer.close();
    viewer = await RfbClient.connect(vncPath());
    expect((await toGuest('from the viewer that came back')).toString()).toBe('from the viewer that came back');
    expect(withoutNul(await toHost('to the viewer that came back'))).toBe('to the viewer that came back');
  });

  it('a restart of clipmuxd in the middle heals', async () => {
    const from = desktop.journal.now;
    await desktop.shell.succeed('systemctl restart clipmuxd');
    await desktop.journal.said(/the host has announced itself/, from);
    await desktop.journal.said(/a session connected/, from);
    expect((await toGuest('after the restart')).toString()).toBe('after the restart');
    expect(withoutNul(await toHost('to the host after the restart'))).toBe('to the host after the restart');
  });
});

describe('the stock agent in the same guest', () => {
  it('starts when clipmux has been removed', async () => {
    await removeClipmux(desktop);
    await startStockAgent(desktop);
    agent = 'spice-vdagent';
    viewer.close();
    viewer = await RfbClient.connect(vncPath());
  });

  it('is measured', async () => {
    await matrix.compare(row('host → guest', 'clipboard', 'text'), async () => {
      expect((await toGuest('first line\nsecond line\n')).toString()).toBe('first line\nsecond line\n');
    });
    await matrix.compare(row('guest → host', 'clipboard', 'text'), async () => {
      expect(withoutNul(await toHost('of the guest'))).toBe('of the guest');
    });
  });
});
