import { HostEndpoint } from '../endpoint/host-endpoint.ts';
import { connect } from '../socket/connect.ts';
import { listen } from '../socket/listen.ts';
import type { CommonArguments } from './arguments.ts';

/**
 * Opens the endpoint as the command line says, lets `act` use it, and closes it whatever comes of that.
 * `stays`: connect again when the connection is lost.
 */
export async function withEndpoint<T>(
  given: CommonArguments,
  stays: boolean,
  prepare: (host: HostEndpoint) => void,
  act: (host: HostEndpoint) => Promise<T>,
): Promise<T> {
  const host = new HostEndpoint({ manner: given.manner });
  prepare(host);
  const opened = given.listen
    ? await listen(given.socket, host)
    : await connect(given.socket, host, { reconnect: stays });
  try {
    return await act(host);
  } finally {
    await opened.close();
  }
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
