import type { HostEvents } from '../endpoint/events.ts';
import type { HostEndpoint } from '../endpoint/host-endpoint.ts';
import type { WatchArguments } from './arguments.ts';
import { ExitStatus } from './exit-status.ts';
import { type CliIo, write } from './io.ts';
import { aborted, withEndpoint } from './session.ts';

/** What is told of an event: names, types, sizes, numbers. */
type Told = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** What each event tells. An event that is missing here does not compile: nobody shall be told content by oversight. */
const TELLERS: { readonly [K in keyof HostEvents]: (event: HostEvents[K][0]) => Told } = {
  connected: () => ({}),
  capabilities: ({ capabilities, request }) => ({ capabilities: capabilities.names(), request }),
  grabbed: ({ selection, types, serial }) => ({ selection, types, serial }),
  grabDiscarded: ({ selection, serial }) => ({ selection, serial }),
  released: ({ selection }) => ({ selection }),
  lost: ({ selection }) => ({ selection }),
  requested: ({ selection, type, clipboardType }) => ({ selection, type: type ?? `unknown-${clipboardType}` }),
  served: ({ selection, type, clipboardType, size }) => ({
    selection,
    type: type ?? `unknown-${clipboardType}`,
    size,
  }),
  unreadable: ({ selection, type, clipboardType, error }) => ({
    selection,
    type: type ?? `unknown-${clipboardType}`,
    reason: error.message,
  }),
  data: ({ selection, type, clipboardType, size, expected }) => ({
    selection,
    type: type ?? `unknown-${clipboardType}`,
    size,
    expected,
  }),
  dropped: ({ name, size }) => ({ message: name, size }),
  message: ({ message }) => ({ message: message.name, size: message.header.size }),
  protocolError: ({ error }) => ({ code: error.code, consequence: error.consequence }),
  disconnected: ({ error }) => ({ reason: error?.message }),
};

/** Prints one line for each event until the program is ended. */
export async function watch(given: WatchArguments, io: CliIo): Promise<number> {
  let failed: (error: unknown) => void = () => {};
  const failure = new Promise<never>((_resolve, reject) => {
    failed = reject;
  });
  const print = (event: string, told: Told): void => {
    const time = new Date().toISOString();
    const line = given.json ? JSON.stringify({ time, event, ...told }) : [time, event, ...words(told)].join(' ');
    write(io.stdout, `${line}\n`).catch(failed);
  };
  return withEndpoint(
    given,
    true,
    (host) => listenTo(host, print),
    async (host) => {
      const waits: Promise<void>[] = [failure, aborted(io.ended)];
      const { timeout } = given;
      if (timeout !== undefined) waits.push(host.ready({ timeout, signal: io.ended }).then(() => aborted(io.ended)));
      await Promise.race(waits);
      return ExitStatus.OK;
    },
  );
}

function listenTo(host: HostEndpoint, print: (event: string, told: Told) => void): void {
  const listen = <K extends keyof HostEvents>(event: K): void => {
    const listener = (value: HostEvents[K][0]): void => print(event, TELLERS[event](value));
    // The emitter's types can't follow a key that is still generic here.
    host.on(event as 'connected', listener as (value: HostEvents['connected'][0]) => void);
  };
  for (const event of Object.keys(TELLERS) as (keyof HostEvents)[]) listen(event);
}

function words(told: Told): string[] {
  return Object.entries(told)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${Array.isArray(value) ? value.join(',') : value}`);
}
