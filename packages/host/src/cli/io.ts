import type { Readable, Writable } from 'node:stream';

/** What the program has of the world beside sockets and files. */
export interface CliIo {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Aborted when the program is asked to end. */
  readonly ended: AbortSignal;
}

/** The process's own. SIGTERM and SIGINT ask to end. */
export function processIo(): CliIo {
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => controller.abort());
  return { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, ended: controller.signal };
}

/** Writes and waits until it has been taken. */
export function write(stream: Writable, content: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    // A reader that is gone (EPIPE) is told to the callback, and as an event after that; the callback is enough.
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
