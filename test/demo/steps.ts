import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { SelectionName } from '@clipmux/host';
import type { Chain } from '../support/chain.ts';
import { within } from '../support/wait.ts';
import { xclipCopy, xclipPaste } from '../support/xclip.ts';

const TEXT_TYPE = 'text/plain;charset=utf-8';

/** One content to be carried, in the host's terms and in xclip's. */
export interface Sample {
  readonly name: string;
  readonly type: string;
  readonly target: string;
  readonly content: Buffer;
}

export function textSample(text: string, name = 'text'): Sample {
  return { name, type: TEXT_TYPE, target: 'UTF8_STRING', content: Buffer.from(text) };
}

export function pngSample(content: Buffer): Sample {
  return { name: 'a PNG image', type: 'image/png', target: 'image/png', content };
}

/** Prints a line of the demo. */
export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

function checksum(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

function milliseconds(since: number): string {
  return `${(performance.now() - since).toFixed(1)} ms`;
}

/** Compares what arrived with what was sent, and says both. Returns whether they are the same. */
function report(sample: Sample, arrived: Uint8Array, offered: number, pasted: number): boolean {
  const same = sample.content.equals(arrived);
  say(`      sent     ${sample.content.length} bytes  sha256 ${checksum(sample.content)}…`);
  say(`      arrived  ${arrived.length} bytes  sha256 ${checksum(arrived)}…  ${same ? 'the same' : 'DIFFERENT'}`);
  say(`      ${(pasted - offered).toFixed(1)} ms from paste to content`);
  return same;
}

/** The host copies, a program in the session pastes. */
export async function hostToGuest(chain: Chain, selection: SelectionName, sample: Sample): Promise<boolean> {
  say(`  host → guest, ${selection}: ${sample.name}`);
  const from = chain.agent.lines;
  const start = performance.now();
  chain.host.copy(selection, new Map([[sample.type, sample.content]]));
  await chain.agent.said(new RegExp(`the host has the selection.*${selection}`), from);
  say(`      the host grabs it (${sample.type}); the session's agent knows after ${milliseconds(start)}`);
  const paste = performance.now();
  const arrived = await xclipPaste(chain.xvfb, { selection, target: sample.target });
  return report(sample, arrived, paste, performance.now());
}

/** A program in the session copies, the host pastes. */
export async function guestToHost(chain: Chain, selection: SelectionName, sample: Sample): Promise<boolean> {
  say(`  guest → host, ${selection}: ${sample.name}`);
  const grabbed = once(chain.host, 'grabbed');
  const start = performance.now();
  const copier = xclipCopy(chain.xvfb, sample.content, { selection, target: sample.target });
  const [grab] = await within(grabbed, 'the host to be told of the copy');
  say(`      xclip copies; the host knows after ${milliseconds(start)} that ${grab.types.join(', ')} is there`);
  const paste = performance.now();
  const arrived = await chain.host.paste(selection, sample.type, { timeout: 10_000 });
  const same = report(sample, arrived, paste, performance.now());
  await copier.stop();
  return same;
}
