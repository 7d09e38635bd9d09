import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import {
  Capability,
  CapabilitySet,
  ClipboardDataPrefix,
  type ClipboardFormat,
  ClipboardSelection,
  ClipboardType,
  decodeMessage,
  frameMessage,
  type Message,
  type MessageHandler,
  type MessageHeader,
  MessageReader,
  MessageType,
  negotiateClipboardFormat,
  VDP_CLIENT_PORT,
} from '@clipmux/vdagent';
import type { PayloadKind } from './payload.ts';
import type { SelectionName } from './x11/connection.ts';

/** What spice-gtk announces as far as it is of the clipboard, less GRAB_SERIAL: no round here has a race to settle. */
const CAPABILITIES = CapabilitySet.of(
  Capability.CLIPBOARD_BY_DEMAND,
  Capability.CLIPBOARD_SELECTION,
  Capability.CLIPBOARD_NO_RELEASE_ON_REGRAB,
);

const TYPES: Readonly<Record<PayloadKind, number>> = {
  text: ClipboardType.UTF8_TEXT,
  png: ClipboardType.IMAGE_PNG,
};

const SELECTIONS: Readonly<Record<SelectionName, ClipboardSelection>> = {
  CLIPBOARD: ClipboardSelection.CLIPBOARD,
  PRIMARY: ClipboardSelection.PRIMARY,
};

/**
 * The host's end for all contenders: listens where the virtio port would be and does what it is told at once.
 * It is bare on purpose, and not the host endpoint that clipmux ships: nothing here may be slower than an agent.
 */
export class BenchHost {
  readonly #server: Server;
  #guest: Guest | undefined;
  #onGuest: ((guest: Guest) => void) | undefined;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      const guest = new Guest(socket);
      this.#guest = guest;
      guest.announced.then(() => this.#onGuest?.(guest));
    });
  }

  static async listen(path: string): Promise<BenchHost> {
    rmSync(path, { force: true });
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.listen(path, resolve).once('error', reject));
    return new BenchHost(server);
  }

  /** Settles when the next guest has opened the port and said what it can do. */
  async nextGuest(): Promise<void> {
    await new Promise<Guest>((resolve) => {
      this.#onGuest = resolve;
    });
  }

  /** Copies at the host: grabs the selection, and answers requests with `data`. */
  copy(selection: SelectionName, kind: PayloadKind, data: Buffer): void {
    this.#present.copy(SELECTIONS[selection], TYPES[kind], data);
  }

  /** Settles when the guest grabs the selection. */
  nextGrab(selection: SelectionName): Promise<void> {
    return this.#present.nextGrab(SELECTIONS[selection]);
  }

  /** Pastes at the host. @returns the number of bytes */
  paste(selection: SelectionName, kind: PayloadKind, sink: (piece: Uint8Array) => void): Promise<number> {
    return this.#present.paste(SELECTIONS[selection], TYPES[kind], sink);
  }

  close(): void {
    this.#guest?.close();
    this.#server.close();
  }

  get #present(): Guest {
    if (!this.#guest) throw new Error('no guest has opened the port');
    return this.#guest;
  }
}

/** One connection of a guest, from its opening of the port to its end. */
class Guest implements MessageHandler {
  /** Settles when the guest's capabilities are known. */
  readonly announced: Promise<void>;
  #announce: () => void = () => {};
  readonly #socket: Socket;
  readonly #reader = new MessageReader(this, {
    streams: ({ type }) => type === MessageType.CLIPBOARD,
  });
  #format: ClipboardFormat = { selection: true, grabSerial: false };
  /** What was copied, framed beforehand: the time of a transfer shall be the agent's. */
  readonly #answers = new Map<string, readonly Uint8Array[]>();
  #onGrab: ((selection: ClipboardSelection) => void) | undefined;
  #onPaste: { sink: (piece: Uint8Array) => void; done: (bytes: number) => void } | undefined;
  #prefix: ClipboardDataPrefix | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.announced = new Promise((resolve) => {
      this.#announce = resolve;
    });
    socket.on('data', (data) => this.#reader.push(data));
    socket.on('error', () => {}); // a contender that is stopped or breaks; whoever waits for it reports that
    this.#send({ type: 'announce-capabilities', request: true, capabilities: CAPABILITIES });
  }

  copy(selection: ClipboardSelection, clipboardType: number, data: Buffer): void {
    const message: Message = { type: 'clipboard', selection, clipboardType, data };
    this.#answers.set(`${selection} ${clipboardType}`, frameMessage(VDP_CLIENT_PORT, message, this.#format));
    this.#send({ type: 'clipboard-grab', selection, types: [clipboardType] });
  }

  nextGrab(wanted: ClipboardSelection): Promise<void> {
    return new Promise((resolve) => {
      this.#onGrab = (selection) => {
        if (selection === wanted) resolve();
      };
    });
  }

  paste(selection: ClipboardSelection, clipboardType: number, sink: (piece: Uint8Array) => void): Promise<number> {
    return new Promise((done) => {
      this.#onPaste = { sink, done };
      this.#send({ type: 'clipboard-request', selection, clipboardType });
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  message(_chunkPort: number, header: MessageHeader, body: Uint8Array): void {
    const message = decodeMessage(header, body, this.#format);
    switch (message.type) {
      case 'announce-capabilities':
        this.#format = negotiateClipboardFormat(CAPABILITIES, message.capabilities);
        if (message.request) this.#send({ type: 'announce-capabilities', request: false, capabilities: CAPABILITIES });
        this.#announce();
        break;
      case 'clipboard-grab':
        this.#onGrab?.(message.selection);
        break;
      case 'clipboard-request': {
        const { selection, clipboardType } = message;
        const answer = this.#answers.get(`${selection} ${clipboardType}`);
        if (answer) this.#write(answer);
        else this.#send({ type: 'clipboard', selection, clipboardType, data: Buffer.alloc(0) });
        break;
      }
      default:
        break;
    }
  }

  streamStart(_chunkPort: number, header: MessageHeader): void {
    this.#prefix = new ClipboardDataPrefix(header, this.#format);
  }

  streamData(_chunkPort: number, piece: Uint8Array): void {
    const content = this.#prefix?.push(piece);
    if (content && content.length > 0) this.#onPaste?.sink(content);
  }

  streamEnd(): void {
    this.#onPaste?.done(this.#prefix?.dataSize ?? 0);
    this.#onPaste = undefined;
  }

  streamAbort(): void {}

  error(error: Error): void {
    throw error;
  }

  #send(message: Message): void {
    this.#write(frameMessage(VDP_CLIENT_PORT, message, this.#format));
  }

  #write(pieces: readonly Uint8Array[]): void {
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.uncork();
  }
}
