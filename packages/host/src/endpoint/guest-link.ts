import type { Duplex } from 'node:stream';
import {
  Capability,
  type CapabilitySet,
  type ChunkPort,
  type ClipboardDataHead,
  ClipboardDataPrefix,
  ClipboardDataWriter,
  type ClipboardFormat,
  decodeMessage,
  encodeMessage,
  frameMessage,
  MESSAGE_HEADER_SIZE,
  type Message,
  MessageReader,
  MessageType,
  messageTypeName,
  negotiateClipboardFormat,
  VDP_CLIENT_PORT,
  VdAgentError,
} from '@clipmux/vdagent';
import { CONTENT_PIECE_SIZE, type OpenContent } from './content.ts';
import { GrabSerials } from './grab-serials.ts';
import type { HostSettings } from './options.ts';
import { Outbox } from './outbox.ts';

/** Takes what comes from one guest. */
export interface GuestLinkHandler {
  /** A message other than CLIPBOARD. */
  message(message: Message, chunkPort: ChunkPort): void;
  /** Content of this size begins to come; returns where to put it, or undefined to pass it over. */
  dataBegins(head: ClipboardDataHead, size: number): Uint8Array | undefined;
  /** It has come whole. `into` is what `dataBegins` returned. */
  dataCame(head: ClipboardDataHead, size: number, startedAt: number, into: Uint8Array | undefined): void;
  /** A message was dropped for the output limit. */
  dropped(name: string, size: number): void;
  protocolError(error: VdAgentError): void;
  /** The last call. */
  closed(error: Error | undefined): void;
}

/** Content that is coming in. */
interface Reception {
  readonly prefix: ClipboardDataPrefix;
  readonly startedAt: number;
  into: Uint8Array | undefined;
  offset: number;
  begun: boolean;
}

const NO_FORMAT: ClipboardFormat = { selection: false, grabSerial: false };

/** Room for a piece of content with the headers of chunks of 256 bytes and more. */
const BATCH_SIZE = CONTENT_PIECE_SIZE + CONTENT_PIECE_SIZE / 32;

/** One connection to a guest: bytes to messages and back, and what was agreed with it. */
export class GuestLink {
  /** Serials of grabs on this link. */
  readonly serials: GrabSerials;
  readonly #stream: Duplex;
  readonly #settings: HostSettings;
  readonly #handler: GuestLinkHandler;
  readonly #reader: MessageReader;
  readonly #outbox: Outbox;
  readonly #receptions = new Map<ChunkPort, Reception>();
  #guestCapabilities: CapabilitySet | undefined;
  #format = NO_FORMAT;
  #open = true;
  /** Messages that would make more than this wait are dropped, as in QEMU. */
  outputLimit: number | undefined;

  constructor(stream: Duplex, settings: HostSettings, handler: GuestLinkHandler) {
    this.#stream = stream;
    this.#settings = settings;
    this.#handler = handler;
    this.serials = new GrabSerials(settings.manner);
    this.#reader = new MessageReader(this.#readerHandler(), {
      streams: (header) => header.type === MessageType.CLIPBOARD,
      // No limit here: the paste that waits for it is told that it is too large, and nothing is kept.
      maxStreamedSize: 0xffff_ffff,
    });
    this.#outbox = new Outbox(stream, (error) => this.close(error));
    stream.on('data', (bytes: Uint8Array) => this.#reader.push(bytes));
    stream.on('error', (error) => this.close(error));
    stream.on('end', () => this.close());
    stream.on('close', () => this.close());
  }

  /** What the guest announced; undefined before. */
  get guestCapabilities(): CapabilitySet | undefined {
    return this.#guestCapabilities;
  }

  /** How clipboard messages are written. */
  get format(): ClipboardFormat {
    return this.#format;
  }

  /** Whether content can cross: both sides have CLIPBOARD_BY_DEMAND. */
  get hasClipboard(): boolean {
    return this.#both(Capability.CLIPBOARD_BY_DEMAND);
  }

  /** Whether a new grab replaces the old one without a release. */
  get noReleaseOnRegrab(): boolean {
    return this.#both(Capability.CLIPBOARD_NO_RELEASE_ON_REGRAB);
  }

  /** Bytes that wait to be taken by the guest. */
  get buffered(): number {
    return this.#outbox.size;
  }

  /** The guest has announced itself: from here on messages have the format that both agree on, and serials begin anew. */
  agree(guest: CapabilitySet): void {
    this.#guestCapabilities = guest;
    this.#format = negotiateClipboardFormat(this.#settings.capabilities, guest);
    this.serials.reset();
  }

  /** Sends a message. */
  send(message: Message, chunkPort: ChunkPort = VDP_CLIENT_PORT): void {
    const { header } = encodeMessage(message, this.#format);
    if (this.#drop(header.type, header.size)) return;
    const batches = frameMessage(chunkPort, message, this.#format, { maxChunkSize: this.#settings.chunkSize });
    this.#outbox.push({ size: header.size, batches });
  }

  /** Sends content as it is read; `sent` is called once its last byte has been handed to the stream. */
  sendData(head: ClipboardDataHead, content: OpenContent, sent: () => void): void {
    if (this.#drop(MessageType.CLIPBOARD, content.size)) return;
    const writer = new ClipboardDataWriter(VDP_CLIENT_PORT, head, content.size, this.#format, {
      maxChunkSize: this.#settings.chunkSize,
      batchSize: BATCH_SIZE,
    });
    const { pieces } = content;
    const batches = Symbol.iterator in pieces ? framed(writer, pieces) : framedAsync(writer, pieces);
    this.#outbox.push({ size: content.size, batches, sent });
  }

  /** Sends bytes as they are, after what already waits. For tests of how a guest bears nonsense. */
  sendBytes(bytes: Uint8Array): void {
    this.#outbox.push({ size: bytes.length, batches: [bytes] });
  }

  /** Stops reading what the guest sends, or goes on. */
  setReading(reading: boolean): void {
    if (reading) this.#stream.resume();
    else this.#stream.pause();
  }

  /** Hangs up at once. */
  close(error?: Error): void {
    if (!this.#detach()) return;
    this.#stream.destroy();
    this.#handler.closed(error);
  }

  /** Hangs up once everything has been taken by the system, or after so many milliseconds. */
  async end(grace: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, grace);
    });
    const flushed = this.#outbox
      .idle()
      .then(() => new Promise<void>((resolve) => (this.#open ? this.#stream.end(() => resolve()) : resolve())));
    await Promise.race([flushed, expired]);
    clearTimeout(timer);
    this.close();
  }

  #detach(): boolean {
    if (!this.#open) return false;
    this.#open = false;
    this.#outbox.close();
    this.#stream.removeAllListeners('data');
    this.#reader.reset();
    return true;
  }

  #both(capability: number): boolean {
    return this.#settings.capabilities.has(capability) && this.#guestCapabilities?.has(capability) === true;
  }

  #drop(type: number, size: number): boolean {
    const limit = this.outputLimit;
    if (limit === undefined || this.#outbox.size + MESSAGE_HEADER_SIZE + size <= limit) return false;
    this.#handler.dropped(messageTypeName(type), size);
    return true;
  }

  #readerHandler(): ConstructorParameters<typeof MessageReader>[0] {
    const handler = this.#handler;
    return {
      message: (chunkPort, header, body) => {
        let message: Message;
        try {
          message = decodeMessage(header, body, this.#format, chunkPort);
        } catch (error) {
          if (!(error instanceof VdAgentError)) throw error;
          handler.protocolError(error);
          return;
        }
        handler.message(message, chunkPort);
      },
      streamStart: (chunkPort, header) => {
        const prefix = new ClipboardDataPrefix(header, this.#format, { chunkPort, header });
        const startedAt = this.#settings.now();
        this.#receptions.set(chunkPort, { prefix, startedAt, into: undefined, offset: 0, begun: false });
      },
      streamData: (chunkPort, piece) => {
        const reception = this.#receptions.get(chunkPort);
        if (reception === undefined) return;
        const data = reception.prefix.push(piece);
        if (!reception.begun) {
          if (reception.prefix.head === undefined) return;
          reception.begun = true;
          reception.into = handler.dataBegins(reception.prefix.head, reception.prefix.dataSize);
        }
        reception.into?.set(data, reception.offset);
        reception.offset += data.length;
      },
      streamEnd: (chunkPort) => {
        const reception = this.#receptions.get(chunkPort);
        this.#receptions.delete(chunkPort);
        if (reception === undefined) return;
        const { prefix, startedAt, into } = reception;
        if (prefix.error !== undefined) handler.protocolError(prefix.error);
        else if (prefix.head !== undefined) handler.dataCame(prefix.head, prefix.dataSize, startedAt, into);
      },
      streamAbort: (chunkPort) => {
        this.#receptions.delete(chunkPort);
      },
      error: (error) => {
        handler.protocolError(error);
        if (error.consequence === 'reset-link') this.close(error);
      },
    };
  }
}

function* framed(writer: ClipboardDataWriter, pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const piece of pieces) yield* writer.write(piece);
  yield* writer.end();
}

async function* framedAsync(
  writer: ClipboardDataWriter,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield* writer.write(piece);
  yield* writer.end();
}
