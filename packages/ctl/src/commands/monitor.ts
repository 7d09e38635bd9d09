import type { UnknownEvent } from '@clipmux/rpc';
import type { Command } from '../command-line/command.ts';
import { EXIT } from '../exit-status.ts';
import { formatEvent } from '../format/event.ts';
import { write } from '../io.ts';

export const monitor: Command = {
  name: 'monitor',
  summary: 'print a line for each thing that happens, until it is ended; never content',
  arguments: [],
  options: [],
  notes: [
    'Sessions that come and go, owners and types, requests and the sizes of their answers, the',
    'port, the host, the policy, errors. SIGINT (Ctrl-C) and SIGTERM end it with exit status 0.',
  ],
  run: async (_invocation, context) => {
    const { stdout } = context.io;
    const ended = context.io.ended();
    let failed: (error: unknown) => void = () => {};
    const failure = new Promise<never>((_resolve, reject) => {
      failed = reject;
    });
    const show = (event: UnknownEvent) => {
      const line = context.json ? JSON.stringify(event) : formatEvent(event);
      write(stdout, `${line}\n`).catch(failed);
    };
    const client = await context.connect({ event: show });
    await client.call('monitor.start', {});
    const over = client.closed.then((error) => {
      throw error;
    });
    over.catch(() => {});
    await Promise.race([failure, over, aborted(ended)]);
    return EXIT.ok;
  },
};

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
