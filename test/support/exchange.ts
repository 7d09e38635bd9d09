import { createHash } from 'node:crypto';
import { type Content, type HostEndpoint, type HostEvents, type SelectionName, TEXT_TYPE } from '@clipmux/host';
import type { Chain } from './chain.ts';
import { within } from './wait.ts';
import { type Copier, type XclipOptions, xclipCopy } from './xclip.ts';

/** A host, and an agent on a display: of a whole chain, or of one session among several. */
export type Ends = Pick<Chain, 'host' | 'xvfb' | 'agent'> & Partial<Pick<Chain, 'copiers'>>;

/** How long an event that a test awaits may take, in milliseconds, unless the test allows more. */
const EVENT_TIMEOUT_MS = 15_000;

/**
 * The next event of the host endpoint that fits. Call it before whatever causes the event, await it after.
 * Rejects, naming the event, when none has come in time.
 */
export function nextEvent<K extends keyof HostEvents & string>(
  host: HostEndpoint,
  event: K,
  fits: (value: HostEvents[K][0]) => boolean = () => true,
  timeoutMs = EVENT_TIMEOUT_MS,
): Promise<HostEvents[K][0]> {
  const search = new Promise<HostEvents[K][0]>((resolve) => {
    // A listener, not once(): of several events in one turn that would see the first alone.
    const look = (value: HostEvents[K][0]): void => {
      if (!fits(value)) return;
      host.off(event, look as never);
      resolve(value);
    };
    host.on(event, look as never);
  });
  const found = within(search, `the host's event ${event}`, timeoutMs);
  found.catch(() => {}); // who awaits it is told; a test that failed before does not
  return found;
}

/** Lets a program in the guest copy, and waits until the host knows. The program ends with the chain, if it is one. */
export async function guestCopies(chain: Ends, copy: () => Copier, selection: SelectionName = 'clipboard') {
  const grabbed = nextEvent(chain.host, 'grabbed', (event) => event.selection === selection);
  const copier = copy();
  chain.copiers?.push(copier);
  return { copier, grabbed: await grabbed };
}

/** Copies with xclip in the guest and waits until the host knows. Returns the program that owns the selection. */
export async function guestCopy(
  chain: Ends,
  content: Uint8Array | string,
  options: XclipOptions = {},
): Promise<Copier> {
  const { copier } = await guestCopies(chain, () => xclipCopy(chain.xvfb, content, options), options.selection);
  return copier;
}

/** Copies at the host, text unless types are named, and waits until the guest's programs can paste it. */
export async function hostCopy(
  chain: Ends,
  content: string | Readonly<Record<string, Content | string>>,
  selection: SelectionName = 'clipboard',
): Promise<void> {
  const owned = ownedForHost(chain, selection);
  chain.host.copy(selection, contentsOf(content));
  await owned;
}

/** Settles when the agent has taken the selection for the host. Call it before the grab. */
export function ownedForHost(chain: Ends, selection: SelectionName = 'clipboard'): Promise<number> {
  return chain.agent.said(new RegExp(`the selection is owned for the host selection=${selection}`), chain.agent.lines);
}

/** What {@link HostEndpoint.copy} takes. */
export function contentsOf(content: string | Readonly<Record<string, Content | string>>): Map<string, Content> {
  const byType = typeof content === 'string' ? { [TEXT_TYPE]: content } : content;
  return new Map(
    Object.entries(byType).map(([type, each]) => [type, typeof each === 'string' ? Buffer.from(each) : each]),
  );
}

/** Pastes at the host. */
export async function hostPaste(
  chain: Ends,
  selection: SelectionName = 'clipboard',
  type = TEXT_TYPE,
  timeout = EVENT_TIMEOUT_MS,
): Promise<Buffer> {
  return Buffer.from(await chain.host.paste(selection, type, { timeout }));
}

/** For contents too large to be shown when they differ. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
