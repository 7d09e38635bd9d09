import { once } from 'node:events';
import { access, constants, stat } from 'node:fs/promises';
import type { Content } from '../endpoint/content.ts';
import type { HostEndpoint } from '../endpoint/host-endpoint.ts';
import { HostError } from '../errors.ts';
import type { CopyArguments } from './arguments.ts';
import { ExitStatus } from './exit-status.ts';
import { type CliIo, write } from './io.ts';
import { readAll, readAllOf } from './read-all.ts';
import { aborted, withEndpoint } from './session.ts';

/** Offers content to the guest until it has been taken over, served once, or the program is ended. */
export async function copy(given: CopyArguments, io: CliIo): Promise<number> {
  const contents = new Map<string, Content>();
  for (const [type, file] of given.sources) {
    contents.set(type, file === null ? await readAll(io.stdin, io.ended) : await fileContent(file, io.ended));
  }
  return withEndpoint(
    given,
    true,
    (host) => {
      const tell = (what: string): void => void write(io.stderr, `clipmux-host: ${what}\n`).catch(() => {});
      host.on('unreadable', ({ error }) => tell(`a paste was answered with nothing: ${error.message}`));
      host.on('disconnected', ({ error }) => {
        if (error instanceof HostError && error.code === 'file-changed') tell(`a paste broke off: ${error.message}`);
      });
      host.copy(given.selection, contents);
    },
    async (host) => {
      const finished = new AbortController();
      try {
        const reasons = [aborted(io.ended), ended(host, given, finished.signal)];
        const { timeout } = given;
        if (timeout !== undefined) {
          reasons.push(host.ready({ timeout, signal: finished.signal }).then(() => aborted(finished.signal)));
        }
        await Promise.race(reasons);
      } finally {
        finished.abort();
      }
      return ExitStatus.OK;
    },
  );
}

/** The guest took the selection over, or, with `--once`, was served. Never rejects: `signal` only frees the listeners. */
async function ended(host: HostEndpoint, given: CopyArguments, signal: AbortSignal): Promise<void> {
  const waits = [once(host, 'lost', { signal })];
  if (given.once) waits.push(once(host, 'served', { signal }));
  const quiet = (): void => {};
  await Promise.race(waits.map((wait) => wait.then(quiet, quiet)));
}

/**
 * A regular file is read when it is pasted, each time. Whatever else can be read, such as a pipe, is read once and now; so is what says that it is
 * empty and is not, as files in /proc do.
 * @throws {HostError} `not-a-file` for a folder, `too-large`
 */
async function fileContent(file: string, ended: AbortSignal): Promise<Content> {
  const found = await stat(file);
  if (found.isDirectory()) throw new HostError('not-a-file', `${file} is a folder: name a file`);
  if (found.isFile() && found.size > 0) {
    await access(file, constants.R_OK);
    return { file };
  }
  const bytes = await readAllOf(file, ended);
  return found.isFile() && bytes.length === 0 ? { file } : bytes;
}
