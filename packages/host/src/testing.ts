import { once } from 'node:events';
import { Duplex } from 'node:stream';
import {
  Capability,
  CapabilitySet,
  type ChunkPort,
  type ClipboardFormat,
  decodeMessage,
  frameMessage,
  type Message,
  MessageReader,
  messageTypeName,
} from '@clipmux/vdagent';
import type { HostEvents } from './endpoint/events.ts';
import type { HostEndpoint } from './endpoint/host-endpoint.ts';

/** Two ends of a stream in memory, with back-pressure, delivering asynchronously. For tests. */
export function duplexPair(highWaterMark = 16 * 1024): [Duplex, Duplex] {
  class End extends Duplex {
    peer: End | undefined;
    #release: (() => void) | undefined;

    override _read(): void {
      const release = this.#release;
      this.#release = undefined;
      release?.();
    }

    override _write(bytes: Uint8Array, _encoding: string, done: () => void): void {
      const peer = this.peer as End; // set below, before anybody writes
      // Later, as with a socket: what a write causes at the other end never happens within the write.
      setImmediate(() => {
        if (peer.destroyed || peer.push(bytes)) done();
        else peer.#release = done;
      });
    }

    override _final(done: () => void): void {
      if (this.peer?.destroyed === false) this.peer.push(null);
      done();
    }

    override _destroy(error: Error | null, done: (error: Error | null) => void): void {
      const { peer } = this;
      if (peer?.destroyed === false && !peer.readableEnded) setImmediate(() => peer.destroyed || peer.push(null));
      done(error);
    }
  }
  const options = { highWaterMark, allowHalfOpen: false };
  const [a, b] = [new End(options), new End(options)];
  a.peer = b;
  b.peer = a;
  return [a, b];
}

/** What a modern guest announces. */
export const GUEST_CAPABILITIES = CapabilitySet.of(
  Capability.CLIPBOARD_BY_DEMAND,
  Capability.CLIPBOARD_SELECTION,
  Capability.MAX_CLIPBOARD,
  Capability.GUEST_LINEEND_LF,
  Capability.CLIPBOARD_NO_RELEASE_ON_REGRAB,
  Capability.CLIPBOARD_GRAB_SERIAL,
);

/** A guest that does only what a test tells it, and keeps what it hears. For tests. */
export class ScriptedGuest {
  readonly stream: Duplex;
  format: ClipboardFormat = { selection: true, grabSerial: true };
  readonly heard: (Message & { port: ChunkPort })[] = [];
  readonly #waiting: (() => void)[] = [];
  #closed = false;

  constructor(stream: Duplex) {
    this.stream = stream;
    const fail = (): never => {
      throw new Error('nothing is streamed here');
    };
    const reader = new MessageReader(
      {
        message: (port, header, body) => {
          this.heard.push({ ...decodeMessage(header, body, this.format, port), port });
          this.#wake();
        },
        streamStart: fail,
        streamData: fail,
        streamEnd: fail,
        streamAbort: fail,
        error: (error) => {
          throw error;
        },
      },
      { maxMessageSize: () => 2 ** 29 },
    );
    stream.on('data', (bytes: Uint8Array) => reader.push(bytes));
    stream.on('error', () => {});
    stream.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  send(message: Message): void {
    for (const batch of frameMessage(1, message, this.format)) this.stream.write(batch);
  }

  announce(request: boolean, capabilities = GUEST_CAPABILITIES): void {
    this.send({ type: 'announce-capabilities', request, capabilities });
  }

  /** Takes the next message that was heard; it must be of this type. */
  async hear<T extends Message['type']>(type: T): Promise<Extract<Message, { type: T }> & { port: ChunkPort }> {
    while (this.heard.length === 0) {
      if (this.#closed) throw new Error(`closed while waiting for ${type}`);
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    const message = this.heard.shift() as Message & { port: ChunkPort };
    if (message.type !== type) {
      throw new Error(
        `heard ${message.type === 'other' ? messageTypeName(message.header.type) : message.type}, not ${type}`,
      );
    }
    return message as Extract<Message, { type: T }> & { port: ChunkPort };
  }

  /** Does the handshake with a host that announces at open. */
  async shakeHands(capabilities = GUEST_CAPABILITIES): Promise<void> {
    const announcement = await this.hear('announce-capabilities');
    if (!announcement.request) throw new Error('the host did not ask');
    this.announce(false, capabilities);
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** The next event of a kind, typed. */
export async function next<K extends keyof HostEvents & string>(
  host: HostEndpoint,
  event: K,
): Promise<HostEvents[K][0]> {
  const [value] = await once(host, event);
  return value as HostEvents[K][0];
}
