import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { formatReturn, isJsonObject, JsonNumber, MessageReader, SENTINEL } from '@clipmux/guest-agent';

/** What the fake does with a command: answers with these bytes, with nothing, or leaves (`hang up`). */
export type FakeReaction = Buffer | string | null | 'hang up';

/** A request that the fake holds back until it is let go. */
export interface HeldRequest {
  readonly command: string;
  answer(reaction: FakeReaction): void;
}

/** A qemu-ga that does what a test wants: one connection at a time, one command after another, and nothing is ever shut down or frozen. */
export class FakeQemuGa {
  readonly path: string;
  /** Each command that came, in order, but for the first questions of a connection and what synchronises. */
  readonly commands: string[] = [];
  /** The bytes of each of them. */
  readonly requests: Buffer[] = [];
  frozen = false;
  version = '9.9.9';
  connections = 0;
  readonly #server: Server;
  #socket: Socket | undefined;
  #reactions = new Map<string, () => FakeReaction | Promise<FakeReaction>>();

  private constructor(path: string) {
    this.path = path;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(path: string): Promise<FakeQemuGa> {
    const fake = new FakeQemuGa(path);
    fake.#server.listen(path);
    await once(fake.#server, 'listening');
    return fake;
  }

  /** From now on that command is answered so. */
  on(command: string, reaction: () => FakeReaction): void {
    this.#reactions.set(command, reaction);
  }

  /** The next such command is held back; resolves when it has come. */
  hold(command: string): Promise<HeldRequest> {
    return new Promise((resolve) => {
      this.#reactions.set(command, () => {
        this.#reactions.delete(command);
        return new Promise<FakeReaction>((answer) => resolve({ command, answer }));
      });
    });
  }

  /** Breaks the connection off. */
  hangUp(): void {
    this.#socket?.destroy();
  }

  async stop(): Promise<void> {
    this.#socket?.destroy();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await closed;
  }

  #serve(socket: Socket): void {
    this.connections += 1;
    this.#socket = socket;
    let last = Promise.resolve();
    let quiet = 2;
    socket.on('error', () => {});
    const reader = new MessageReader({
      message: (message) => {
        const { value } = message.parse();
        if (!isJsonObject(value)) throw new Error('no request');
        const command = String(value.get('execute'));
        const given = value.get('arguments');
        const id = isJsonObject(given) ? given.get('id') : undefined;
        const isQuestion = quiet > 0 && (command === 'guest-info' || command === 'guest-fsfreeze-status');
        if (isQuestion) quiet -= 1;
        else if (command !== 'guest-sync-delimited') {
          this.commands.push(command);
          this.requests.push(message.raw);
        }
        last = last.then(async () => {
          const reaction = await this.#react(command, id instanceof JsonNumber ? id.text : '0');
          if (reaction === 'hang up') socket.destroy();
          else if (reaction !== null) socket.write(reaction);
        });
      },
      // As qemu-ga does.
      junk: () => {
        last = last.then(() => {
          socket.write('{"error": {"class": "GenericError", "desc": "JSON parse error, stray \'\\uFFFD\'"}}\n');
        });
      },
    });
    socket.on('data', (bytes: Buffer) => reader.push(bytes));
  }

  #react(command: string, id: string): FakeReaction | Promise<FakeReaction> {
    const reaction = this.#reactions.get(command);
    if (reaction) return reaction();
    switch (command) {
      case 'guest-sync-delimited':
        return Buffer.concat([Buffer.of(SENTINEL), Buffer.from(`{"return": ${id}}\n`)]);
      case 'guest-info':
        return formatReturn({ version: this.version, supported_commands: COMMANDS });
      case 'guest-fsfreeze-status':
        return formatReturn(this.frozen ? 'frozen' : 'thawed');
      case 'guest-fsfreeze-freeze':
        this.frozen = true;
        return formatReturn(2);
      case 'guest-fsfreeze-thaw':
        this.frozen = false;
        return formatReturn(2);
      case 'guest-shutdown':
        return null;
      default:
        return formatReturn({ did: command });
    }
  }
}

const COMMANDS = [
  'guest-sync',
  'guest-ping',
  'guest-info',
  'guest-get-time',
  'guest-exec',
  'guest-shutdown',
  'guest-odd-silence',
  'guest-fsfreeze-freeze',
  'guest-fsfreeze-status',
  'guest-fsfreeze-thaw',
].map((name) => ({
  enabled: true,
  name,
  'success-response': name !== 'guest-shutdown' && name !== 'guest-odd-silence',
}));
