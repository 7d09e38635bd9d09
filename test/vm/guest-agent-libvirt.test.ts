/** The guest agent as libvirt uses it: a domain whose agent channel has clipmuxd at its end, in front of the real qemu-ga. One story. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until, within } from '../support/wait.ts';
import { installClipmux, USER_IDS } from './desktop/clipmux.ts';
import { BOOT_TIMEOUT_MS } from './desktop/desktop.ts';
import { startWriting } from './guest-agent/freezing.ts';
import { serveMethods } from './guest-agent/serve-methods.ts';
import { setUp } from './guest-agent/set-up.ts';
import { DOMAIN, LibvirtDesktop } from './libvirt/domain.ts';

const DOCUMENTS = join(import.meta.dirname, '../../docs');
const SLOW_MS = 60_000;

const figures: Record<string, unknown> = {};
let desktop: LibvirtDesktop;

beforeAll(async () => {
  const begun = performance.now();
  desktop = await LibvirtDesktop.boot();
  figures['boot until ssh, s'] = Math.round((performance.now() - begun) / 1000);
  await installClipmux(desktop);
  await setUp(desktop, 'front');
  figures['all until the agent is set up, s'] = Math.round((performance.now() - begun) / 1000);
});

afterAll(async () => {
  console.log(`test:vm libvirt: ${JSON.stringify(figures)}`);
  await desktop?.stop();
});

/** `virsh qemu-agent-command`, and what the answer returns. */
async function agentCommand(command: string, given?: object): Promise<unknown> {
  const request = JSON.stringify({ execute: command, ...(given && { arguments: given }) });
  const answer = await desktop.virsh.run(`qemu-agent-command ${DOMAIN} '${request}'`);
  return (JSON.parse(answer) as { return?: unknown }).return;
}

/** The number that the guest's kernel gives itself at each boot. */
async function bootId(): Promise<string> {
  const handle = await agentCommand('guest-file-open', { path: '/proc/sys/kernel/random/boot_id', mode: 'r' });
  const { 'buf-b64': content } = (await agentCommand('guest-file-read', { handle })) as { 'buf-b64': string };
  await agentCommand('guest-file-close', { handle });
  return Buffer.from(content, 'base64').toString();
}

describe('virsh qemu-agent-command', () => {
  it('reaches clipmuxd and the qemu-ga behind it', async () => {
    // libvirt looks for the agent when the channel is opened, which clipmuxd has just done anew.
    await until(
      async () => (await agentCommand('guest-ping').catch(() => undefined)) !== undefined,
      'libvirt to have the agent',
      SLOW_MS,
    );
    expect(await agentCommand('guest-ping')).toEqual({});
    expect(await agentCommand('guest-get-host-name')).toEqual({ 'host-name': 'guest' });
    expect(await agentCommand('guest-session-list')).toMatchObject({
      sessions: [{ user: 'alice', uid: USER_IDS.alice, eligible: true }],
    });
  });

  it('carries the clipboard', async () => {
    const alice = desktop.session('alice');
    await agentCommand('guest-clipboard-set', { 'buf-b64': Buffer.from('from virsh').toString('base64') });
    await until(async () => (await alice.pasteAny()) === 'from virsh', "virsh's text in alice's session", SLOW_MS);
    await alice.copy('to virsh');
    await until(
      async () => ((await agentCommand('guest-clipboard-targets')) as { owner: string }).owner === 'program',
      'the copy to be known',
      SLOW_MS,
    );
    const { 'buf-b64': content } = (await agentCommand('guest-clipboard-get')) as { 'buf-b64': string };
    expect(Buffer.from(content, 'base64').toString()).toBe('to virsh');
  });

  it('does what the documents show', async () => {
    const texts = ['guest-agent.md', 'guest-agent-host.md'].map((name) => readFileSync(join(DOCUMENTS, name), 'utf8'));
    const examples = texts.flatMap((text) => [
      ...text.matchAll(/^virsh (qemu-agent-command DOMAIN (?:--timeout \d+ )?'.*')$/gm),
    ]);
    expect(examples.length).toBeGreaterThan(3);
    const served = await serveMethods(desktop);
    try {
      for (const [, example = ''] of examples) {
        expect(await desktop.virsh.run(example.replace('DOMAIN', DOMAIN))).toMatch(/^\{"return":/);
      }
    } finally {
      served.kill();
    }
  });

  it('gives the guest’s errors as libvirt gives them', async () => {
    await expect(agentCommand('guest-no-such-thing')).rejects.toThrow(/guest-no-such-thing/);
    expect(await agentCommand('guest-ping')).toEqual({});
  });
});

describe('what libvirt itself asks of the agent', () => {
  it('is answered: the time, the host’s name, the file systems', async () => {
    const time = Number(/^Time: (\d+)$/m.exec(await desktop.virsh.run(`domtime ${DOMAIN}`))?.[1]);
    expect(Math.abs(time - Date.now() / 1000)).toBeLessThan(60);
    expect(await desktop.virsh.run(`domhostname ${DOMAIN} --source agent`)).toBe('guest');
    expect(await desktop.virsh.run(`domfsinfo ${DOMAIN}`)).toMatch(/^\s*\/\s+vda\s+ext4/m);
  });

  it('domfsfreeze freezes the disk, and domfsthaw thaws it', async () => {
    await desktop.virsh.run(`domfsfreeze ${DOMAIN}`);
    const writer = startWriting(desktop, '/var/tmp/written-while-frozen');
    await writer.waits();
    expect(await agentCommand('guest-fsfreeze-status')).toBe('frozen');
    await expect(agentCommand('guest-session-list')).rejects.toThrow(/frozen state/);
    expect(writer.hasWritten()).toBe(false);
    await desktop.virsh.run(`domfsthaw ${DOMAIN}`);
    await within(writer.written, 'the write to be done', SLOW_MS);
    expect(await agentCommand('guest-session-list')).toMatchObject({ sessions: [{ user: 'alice' }] });
  });

  it('reboot --mode=agent boots a guest whose agent is there again', async () => {
    const before = await bootId();
    await desktop.virsh.run(`reboot ${DOMAIN} --mode=agent`);
    const begun = performance.now();
    const users = async () => {
      const { sessions } = (await agentCommand('guest-session-list')) as { sessions: { user: string }[] };
      return (await bootId()) === before ? [] : sessions.map(({ user }) => user);
    };
    await until(
      async () => (await users().catch((): string[] => [])).includes('alice'),
      'alice in the guest that has booted',
      BOOT_TIMEOUT_MS,
    );
    figures['reboot until alice is listed, s'] = Math.round((performance.now() - begun) / 1000);
    expect(await agentCommand('guest-get-host-name')).toEqual({ 'host-name': 'guest' });
  });

  it('shutdown --mode=agent ends the domain', async () => {
    await desktop.virsh.run(`shutdown ${DOMAIN} --mode=agent`);
    await until(
      async () => !(await desktop.virsh.run('list --name')).includes(DOMAIN),
      'the domain to end',
      2 * SLOW_MS,
    );
  });
});
