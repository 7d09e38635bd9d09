import { HostError } from '../errors.ts';
import type { HostEndpoint } from './host-endpoint.ts';
import type { PasteOptions } from './pastes.ts';

/** Resolves at the next `capabilities` event. Rejects with {@link HostError} `timed-out`, or with the signal's reason. */
export function nextAnnouncement(host: HostEndpoint, { timeout, signal }: PasteOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      host.off('capabilities', came);
    };
    const came = (): void => {
      settle();
      resolve();
    };
    const fail = (error: unknown): void => {
      settle();
      reject(error);
    };
    const aborted = (): void => fail(signal?.reason);
    host.on('capabilities', came);
    signal?.addEventListener('abort', aborted);
    if (timeout !== undefined) {
      timer = setTimeout(() => fail(new HostError('timed-out', 'no guest announced itself in time')), timeout);
    }
    if (signal?.aborted) aborted();
  });
}
