/**
 * clipmux in a Debian guest under QEMU's own vdagent chardev, with a VNC viewer. QEMU carries text only; its VNC server keeps CLIPBOARD only and adds
 * CR and NUL, which clipmux undoes. The stock agent runs in the same guest afterwards, for comparison.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/wait.ts';
import { type Copier, xclipCopy, xclipPaste } from '../support/xclip.ts';
import { installClipmux, removeClipmux, startStockAgent } from './desktop/clipmux.ts';
import { Desktop } from './desktop/desktop.ts';
import type { GuestSession } from './desktop/session.ts';
import { Matrix, type MatrixRow } from './matrix.ts';
import { RfbClient } from './viewers/rfb-client.ts';
import { VncViewer } from './viewers/vnc-viewer.ts';

const SLOW_MS = 120_000;
/** What QEMU takes from a guest or gives to it is below 1 MiB, headers included. */
const LARGE = 900 * 1024;
/** Past QEMU's buffer. */
const TOO_LARGE = 1536 * 1024;

const TIGERVNC = 'qemu-vdagent, TigerVNC';
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

/** Text between the desktop of TigerVNC's viewer and the guest's. */
async function throughTigerVnc(row_: typeof row, run: Matrix['row']): Promise<void> {
  const tiger = await VncViewer.connect(vncPath());
  let copier: Copier | undefined;
  try {
    await run({ ...row_('host → guest', 'clipboard', 'text'), host: TIGERVNC }, async () => {
      const text = `line one\nof TigerVNC's desktop: äöü € 漢, ${agent}\n`;
      await copier?.stop();
      copier = xclipCopy(tiger.display, text);
      await until(
        async () => (await alice.pasteAny()).includes(`TigerVNC's desktop: äöü € 漢, ${agent}`),
        'the text',
        SLOW_MS,
      );
      tiger.lives();
      expect((await alice.paste()).toString()).toBe(text);
    });
    await run({ ...row_('guest → host', 'clipboard', 'text'), host: TIGERVNC }, async () => {
      const text = `line one\nof the guest's desktop: äöü € 漢, ${agent}\n`;
      await alice.copy(text);
      const pasted = () =>
        xclipPaste(tiger.display, { timeoutMs: 5000, target: 'UTF8_STRING' }).catch(() => Buffer.alloc(0));
      await until(async () => (await pasted()).includes("the guest's desktop"), 'the text at the host', SLOW_MS);
      tiger.lives();
      expect((await pasted()).toString()).toBe(text);
    });
  } finally {
    await copier?.stop();
    await tiger.stop();
  }
}

describe('TigerVNC’s viewer', () => {
  it('shares its desktop’s clipboard with the guest’s', async () => {
    await throughTigerVnc(row, (one, run) => matrix.row(one, run));
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
    await throughTigerVnc(row, (one, run) => matrix.compare(one, run));
  });
});
