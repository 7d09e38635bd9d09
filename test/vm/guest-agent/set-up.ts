import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentReady } from '../desktop/clipmux.ts';
import type { RunningDesktop } from '../desktop/desktop.ts';

const DOCUMENT = join(import.meta.dirname, '../../../docs/guest-agent.md');

/** What the document tells an administrator to run for the one way or the other: the shell block that installs that way's configuration. */
export function documentedSetUp(way: 'front' | 'beside'): string {
  const blocks = readFileSync(DOCUMENT, 'utf8').matchAll(/^```sh\n(.*?)^```$/gms);
  const found = [...blocks].map(([, text = '']) => text).filter((text) => text.includes(` ${way}.toml `));
  if (found.length !== 1) throw new Error(`${found.length} blocks of docs/guest-agent.md install ${way}.toml`);
  return found[0] ?? '';
}

/** Sets clipmuxd up as the document says, with the files that the package has brought. Returns when alice's agent is there again. */
export async function setUp(desktop: RunningDesktop, way: 'front' | 'beside'): Promise<void> {
  const from = desktop.journal.now;
  await desktop.shell.succeed(`set -e\n${documentedSetUp(way)}`);
  await agentReady(desktop, 'alice', from);
}
