import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const LINE_FEED = 0x0a;

/** A client that does as little as it can: it knows where an answer ends, and nothing else. For measuring. */
export class LineClient {
  readonly #socket: Socket;
  #pieces: Buffer[] = [];
  #arrived: (line: Buffer) => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.#pieces.push(bytes);
      // One request at a time: nothing comes behind an answer.
      if (bytes[bytes.length - 1] !== LINE_FEED) return;
      const line = this.#pieces.length === 1 ? bytes : Buffer.concat(this.#pieces);
      this.#pieces = [];
      this.#arrived(line);
    });
  }

  static async connect(path: string): Promise<LineClient> {
    const socket = connect(path);
    await once(socket, 'connect');
    return new LineClient(socket);
  }

  ask(request: string): Promise<Buffer> {
    return new Promise((resolve) => {
      this.#arrived = resolve;
      this.#socket.write(request);
    });
  }

  /** How often a second all the requests are answered, one after another. */
  async rate(requests: readonly string[], count: number): Promise<number> {
    const begun = performance.now();
    for (let round = 0; round < count; round += 1) {
      for (const request of requests) await this.ask(request);
    }
    return (count / (performance.now() - begun)) * 1000;
  }

  close(): void {
    this.#socket.destroy();
  }
}
