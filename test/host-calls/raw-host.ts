import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { within } from '../support/wait.ts';

/** A call as the host gets it. */
export interface Call {
  readonly execute: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly id: { readonly session: number; readonly call: number };
}

/** An event as the host gets it. */
export interface Told {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly timestamp: { readonly seconds: number; readonly microseconds: number };
}

/** The host's end of the port for calls, written by hand: a socket on which clipmuxd finds somebody, who reads lines and sends what the test says. */
export class RawHost {
  readonly calls: Call[] = [];
  readonly events: Told[] = [];
  readonly #server: Server;
  readonly #reads: boolean;
  #socket: Socket | undefined;
  #waiting: (() => void)[] = [];

  /** @param reads whether it reads from the first */
  static async listen(path: string, { reads = true } = {}): Promise<RawHost> {
    const host = new RawHost(reads);
    await once(host.#server.listen(path), 'listening');
    chmodSync(path, 0o666);
    return host;
  }

  private constructor(reads: boolean) {
    this.#reads = reads;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Begins to read. */
  read(): void {
    this.#socket?.resume();
  }

  /** Waits until this holds, looking whenever something has come. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const held = async () => {
      while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    };
    await within(held(), what);
  }

  /** Waits until clipmuxd knows that the host is there. It does not when the kernel has made the connection. */
  async connected(): Promise<void> {
    await this.until(() => this.events.some(({ event }) => event === 'READY'), 'clipmuxd at the port for calls');
  }

  /** Sends text as it is. */
  say(text: string): void {
    this.#socket?.write(text);
  }

  return(call: Call, value: unknown): void {
    this.say(`${JSON.stringify({ return: value, id: call.id })}\n`);
  }

  fail(call: Call, description: string): void {
    this.say(`${JSON.stringify({ error: { class: 'GenericError', desc: description }, id: call.id })}\n`);
  }

  /** Ends as a process does that is killed. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#socket?.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    this.#socket = socket;
    let rest = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        // clipmuxd begins with the end of a line.
        if (line === '') continue;
        const message = JSON.parse(line) as Call | Told;
        if ('execute' in message) this.calls.push(message);
        else this.events.push(message);
      }
      this.#wake();
    });
    socket.on('error', () => {});
    if (!this.#reads) socket.pause();
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
