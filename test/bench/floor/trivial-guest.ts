import { connect, type Socket } from 'node:net';
import {
  Capability,
  CapabilitySet,
  CHUNK_HEADER_SIZE,
  type ClipboardFormat,
  ClipboardSelection,
  ClipboardType,
  frameMessage,
  MESSAGE_HEADER_SIZE,
  type Message,
  MessageType,
  VDP_CLIENT_PORT,
} from '@clipmux/vdagent';

const FORMAT: ClipboardFormat = { selection: true, grabSerial: false };

/** Before the content of a CLIPBOARD message: the selection with its padding, and the type. */
const DATA_HEAD_SIZE = 8;

/**
 * The least that a guest can do: it counts what it is sent and throws it away, and sends what was framed beforehand.
 * With it in the agent's place, the time that is left is the host endpoint's own.
 */
export class TrivialGuest {
  readonly #socket: Socket;
  #answer: readonly Uint8Array[] = [];
  #onGrab: (() => void) | undefined;
  #onData: ((bytes: number) => void) | undefined;
  /** Bytes of the present chunk that are still to come. */
  #chunkDue = 0;
  /** Bytes of the present message's body that are still to come; undefined between messages. */
  #bodyDue: number | undefined;
  #type = 0;
  #size = 0;
  /** Bytes of a header that came in two reads. */
  #carry: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (data: Buffer) => this.#read(data));
    this.#send({
      type: 'announce-capabilities',
      request: true,
      capabilities: CapabilitySet.of(
        Capability.CLIPBOARD_BY_DEMAND,
        Capability.CLIPBOARD_SELECTION,
        Capability.CLIPBOARD_NO_RELEASE_ON_REGRAB,
      ),
    });
  }

  static async connect(path: string): Promise<TrivialGuest> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new TrivialGuest(socket);
  }

  /** Frames `data`, so that answering a request with it later costs only the writing. */
  prepare(data: Buffer): void {
    this.#answer = frameMessage(
      VDP_CLIENT_PORT,
      { type: 'clipboard', selection: ClipboardSelection.CLIPBOARD, clipboardType: ClipboardType.UTF8_TEXT, data },
      FORMAT,
    );
  }

  grab(): void {
    this.#send({
      type: 'clipboard-grab',
      selection: ClipboardSelection.CLIPBOARD,
      types: [ClipboardType.UTF8_TEXT],
    });
  }

  /** Settles when the host grabs. */
  nextGrab(): Promise<void> {
    return new Promise((resolve) => {
      this.#onGrab = resolve;
    });
  }

  /** Asks for the host's text. @returns the number of bytes that came */
  request(): Promise<number> {
    return new Promise((resolve) => {
      this.#onData = resolve;
      this.#send({
        type: 'clipboard-request',
        selection: ClipboardSelection.CLIPBOARD,
        clipboardType: ClipboardType.UTF8_TEXT,
      });
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(message: Message): void {
    for (const piece of frameMessage(VDP_CLIENT_PORT, message, FORMAT)) this.#socket.write(piece);
  }

  #read(data: Buffer): void {
    let input: Buffer = this.#carry.length === 0 ? data : Buffer.concat([this.#carry, data]);
    this.#carry = Buffer.alloc(0);
    while (input.length > 0) {
      if (this.#chunkDue === 0) {
        // A chunk that begins a message holds its whole header.
        const needed = CHUNK_HEADER_SIZE + (this.#bodyDue === undefined ? MESSAGE_HEADER_SIZE : 0);
        if (input.length < needed) {
          this.#carry = input;
          return;
        }
        this.#chunkDue = input.readUInt32LE(4);
        if (this.#bodyDue === undefined) {
          this.#type = input.readUInt32LE(CHUNK_HEADER_SIZE + 4);
          this.#size = input.readUInt32LE(CHUNK_HEADER_SIZE + 16);
          this.#bodyDue = this.#size;
          this.#chunkDue -= MESSAGE_HEADER_SIZE;
        }
        input = input.subarray(needed);
      }
      const count = Math.min(input.length, this.#chunkDue);
      this.#chunkDue -= count;
      this.#bodyDue = (this.#bodyDue ?? 0) - count;
      input = input.subarray(count);
      if (this.#bodyDue === 0 && this.#chunkDue === 0) this.#finish();
    }
  }

  #finish(): void {
    this.#bodyDue = undefined;
    if (this.#type === MessageType.CLIPBOARD_GRAB) this.#onGrab?.();
    if (this.#type === MessageType.CLIPBOARD) this.#onData?.(this.#size - DATA_HEAD_SIZE);
    if (this.#type === MessageType.CLIPBOARD_REQUEST) {
      this.#socket.cork();
      for (const piece of this.#answer) this.#socket.write(piece);
      this.#socket.uncork();
    }
  }
}
