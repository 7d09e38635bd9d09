import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { connect, type GuestNews, HostCallServer, type HostConnector } from '@clipmux/host';
import { until } from '../../support/wait.ts';

/** Where it says what sessions may call. */
const DOCUMENT = join(import.meta.dirname, '../../../docs/guest-agent-host.md');
const SLOW_MS = 60_000;

/** The URL that the host's browser does not open. */
export const TROUBLE = 'about:trouble';

/** The configuration that the document shows: sessions may call `open-url`. */
export function documentedConfiguration(): string {
  const found = /^```toml\n(\[host-calls\].*?)^```$/ms.exec(readFileSync(DOCUMENT, 'utf8'))?.[1];
  if (found === undefined) throw new Error('docs/guest-agent-host.md shows no [host-calls]');
  return found;
}

/** The host's end of the port for calls. It answers calls, and keeps what it was told. */
export class CallsHost {
  readonly news: GuestNews[] = [];
  readonly #server = new HostCallServer(
    new Map([
      [
        'open-url',
        ({ url }, { session }) => {
          if (url === TROUBLE) throw new Error('no browser is there');
          return { opened: url, for: session };
        },
      ],
    ]),
  );
  #connector: HostConnector | undefined;

  async connect(path: string): Promise<void> {
    this.#server.on('news', (item) => this.news.push(item));
    this.#connector = await connect(path, this.#server, { reconnect: true });
  }

  /** Where the news are now, to wait only for what comes after. */
  get now(): number {
    return this.news.length;
  }

  /** Waits for an event that has this data, among others perhaps. */
  told(event: string, data: object, from: number): Promise<void> {
    return until(
      () =>
        this.news
          .slice(from)
          .some((item) => item.event === event && isDeepStrictEqual({ ...item.data, ...data }, item.data)),
      `${event} ${JSON.stringify(data)}`,
      SLOW_MS,
    ).catch((error: Error) => {
      throw new Error(`${error.message}; there came ${JSON.stringify(this.news.slice(from))}`);
    });
  }

  async close(): Promise<void> {
    await this.#connector?.close();
  }
}
