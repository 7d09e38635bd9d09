import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { MessageReader } from '@clipmux/guest-agent';
import { within } from '../support/wait.ts';

/** An answer as JSON. Numbers past 2^53 are to be looked at in the text. */
export interface Reply {
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
  readonly id?: unknown;
}

/** A client of a guest agent, ours or the real one, that reads answers as QEMU's own test client does: object by object. */
export class AgentClient {
  readonly #socket: Socket;
  readonly #answers: { readonly raw: Buffer; readonly delimited: boolean }[] = [];
  #sentinel = false;
  #ended = false;
  #waiting: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new MessageReader(
      {
        message: ({ raw }) => {
          this.#answers.push({ raw, delimited: this.#sentinel });
          this.#sentinel = false;
        },
        junk: (reason, sentinel) => {
          if (!sentinel) throw new Error(reason);
          this.#sentinel = true;
        },
      },
      { messageBytesMax: 256 * 1024 * 1024 },
    );
    socket.on('data', (bytes: Buffer) => {
      reader.push(bytes);
      this.#wake();
    });
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  static async connect(path: string): Promise<AgentClient> {
    const socket = connect(path);
    await once(socket, 'connect');
    return new AgentClient(socket);
  }

  send(bytes: string | Buffer): void {
    this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** The next answer's bytes. */
  async answer(timeoutMs?: number): Promise<Buffer> {
    return (await within(this.#next(), 'an answer of the guest agent', timeoutMs)).raw;
  }

  /** The next answer that stands behind a 0xFF; what comes before is dropped. */
  async delimitedAnswer(): Promise<Buffer> {
    for (;;) {
      const { raw, delimited } = await within(this.#next(), 'an answer behind 0xFF');
      if (delimited) return raw;
    }
  }

  /** How many answers are there that were not taken. */
  get pending(): number {
    return this.#answers.length;
  }

  /** Sends a request as it is written, and returns its answer. */
  async ask(request: string, timeoutMs?: number): Promise<Reply> {
    this.send(request);
    return JSON.parse((await this.answer(timeoutMs)).toString()) as Reply;
  }

  /** Calls a command and returns what it returns. */
  async call<T = Record<string, unknown>>(command: string, values?: object, timeoutMs?: number): Promise<T> {
    const reply = await this.ask(
      `${JSON.stringify({ execute: command, ...(values && { arguments: values }) })}\n`,
      timeoutMs,
    );
    if (reply.error) throw new Error(`${command}: ${reply.error.class}: ${reply.error.desc}`);
    return reply.return as T;
  }

  /** All answers until the one to a guest-sync-delimited that is sent now, that one left out. */
  async answersUntilSync(timeoutMs?: number): Promise<string[]> {
    const id = Math.floor(Math.random() * 1e9);
    // A line break of its own would end a recovery; so does the sentinel.
    this.send(`\xff{"execute": "guest-sync-delimited", "arguments": {"id": ${id}}}`);
    const answers: string[] = [];
    for (;;) {
      const text = (await this.answer(timeoutMs)).toString('utf8');
      if (text === `{"return": ${id}}`) return answers;
      answers.push(text);
    }
  }

  async closed(): Promise<void> {
    await within(
      (async () => {
        while (!this.#ended) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      })(),
      'the guest agent to close the connection',
    );
  }

  close(): void {
    this.#socket.destroy();
  }

  async #next(): Promise<{ readonly raw: Buffer; readonly delimited: boolean }> {
    for (;;) {
      const next = this.#answers.shift();
      if (next) return next;
      if (this.#ended) throw new Error('the guest agent closed the connection');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
