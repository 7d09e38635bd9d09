import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { HostEndpoint } from '../endpoint/host-endpoint.ts';
import { HostError } from '../errors.ts';
import { TEXT_TYPE } from '../mime.ts';
import type { PasteArguments } from './arguments.ts';
import { ExitStatus } from './exit-status.ts';
import { type CliIo, write } from './io.ts';
import { withEndpoint } from './session.ts';

/** Milliseconds that a guest has, after the handshake, to offer to a new host what it owns. */
const OFFER_GRACE = 1000;

/** Writes what the guest offers to the standard output or a file. */
export async function paste(given: PasteArguments, io: CliIo): Promise<number> {
  const { timeout, output } = given;
  const deadline = timeout === undefined ? undefined : performance.now() + timeout;
  const left = (): { timeout?: number; signal: AbortSignal } => {
    if (deadline === undefined) return { signal: io.ended };
    return { timeout: Math.max(1, Math.ceil(deadline - performance.now())), signal: io.ended };
  };
  const content = await withEndpoint(
    given,
    false,
    () => {},
    async (host) => {
      await host.ready(left());
      const grace = given.wait ? left().timeout : Math.min(OFFER_GRACE, left().timeout ?? OFFER_GRACE);
      const types = await offer(host, given, grace, io.ended);
      const type = given.type ?? (types.includes(TEXT_TYPE) ? TEXT_TYPE : (types[0] ?? TEXT_TYPE));
      return host.paste(given.selection, type, left());
    },
  );
  if (output === undefined) await write(io.stdout, content);
  else await writeFile(output, content);
  return ExitStatus.OK;
}

async function offer(
  host: HostEndpoint,
  given: PasteArguments,
  grace: number | undefined,
  ended: AbortSignal,
): Promise<readonly string[]> {
  const late = new AbortController();
  const end = (): void => late.abort(ended.reason);
  const timer = grace === undefined ? undefined : setTimeout(() => late.abort(nothing(given)), grace);
  ended.addEventListener('abort', end);
  try {
    for (;;) {
      const types = host.offered(given.selection);
      if (types !== undefined) return types;
      if (!host.connected) throw new HostError('guest-disconnected', 'the guest disconnected');
      // A link that closes is noticed too, so that nobody waits for a grab that can't come.
      const { signal } = late;
      await Promise.race([once(host, 'grabbed', { signal }), once(host, 'disconnected', { signal })]);
    }
  } catch (error) {
    throw late.signal.aborted ? late.signal.reason : error;
  } finally {
    clearTimeout(timer);
    ended.removeEventListener('abort', end);
    late.abort();
  }
}

function nothing(given: PasteArguments): HostError {
  if (given.wait) return new HostError('timed-out', `nothing was copied in the guest's ${given.selection} in time`);
  return new HostError('nothing-to-paste', `the guest owns nothing in ${given.selection}`);
}
