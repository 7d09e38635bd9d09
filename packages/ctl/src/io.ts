import type { Readable, Writable } from 'node:stream';

/** What the program has of the world beside sockets and files. */
export interface CtlIo {
  readonly stdin: Readable;
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds since 1970. */
  now(): number;
  /** Aborted when the program is asked to end. From the first call on SIGINT and SIGTERM no longer end it at once. */
  ended(): AbortSignal;
}

/** The process's own. */
export function processIo(): CtlIo {
  let controller: AbortController | undefined;
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    now: Date.now,
    ended: () => {
      if (controller === undefined) {
        const made = new AbortController();
        controller = made;
        for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => made.abort());
      }
      return controller.signal;
    },
  };
}

/** Writes and waits until it has been taken. */
export function write(stream: Writable, content: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    // A reader that is gone (EPIPE) is told to the callback and as an event; the callback is enough.
    const ignore = () => {};
    stream.once('error', ignore);
    stream.write(content, (error) => {
      if (error) reject(error);
      else {
        stream.off('error', ignore);
        resolve();
      }
    });
  });
}

/** Whether whoever read our output has closed it, as `head` does: no failure of ours. */
export function isClosedPipe(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'EPIPE';
}
