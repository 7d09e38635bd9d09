/**
 * A VNC viewer without a window: as much of RFB 3.8 (RFC 6143) as the clipboard needs, with the extended clipboard
 * (https://github.com/rfbproto/rfbproto/blob/master/rfbproto.rst, "Extended Clipboard Pseudo-Encoding"), which QEMU's server demands.
 * It sends text as TigerVNC's viewer does: with CR LF and a NUL at its end.
 */
import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { constants, deflateSync, inflateSync } from 'node:zlib';
import { within } from '../../support/wait.ts';

const EXTENDED_CLIPBOARD = 0xc0a1e5ce;
const SECURITY_NONE = 1;
const SERVER_BELL = 2;
const SERVER_CUT_TEXT = 3;
const CLIENT_SET_ENCODINGS = 2;
const CLIENT_CUT_TEXT = 6;
/** Flags of an extended clipboard message: formats, and actions. */
const TEXT = 1;
const CAPS = 1 << 24;
const REQUEST = 1 << 25;
const NOTIFY = 1 << 27;
const PROVIDE = 1 << 28;
/** The largest text that the server may send unasked; 0: it must ask. */
const UNSOLICITED_MAX = 0;

const PASTE_TIMEOUT_MS = 120_000;

interface RfbEvents {
  /** The server, which is the guest, has text. */
  notified: [];
  /** The text that was asked for. */
  provided: [text: Buffer];
  /** The server asked for what this viewer has, and was given it. */
  served: [];
}

export class RfbClient extends EventEmitter<RfbEvents> {
  readonly #socket: Socket;
  #text: Buffer | undefined;
  #closed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('readable', () => this.#wake());
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** Connects to a server's unix socket. */
  static async connect(path: string): Promise<RfbClient> {
    const socket = connect(path);
    await once(socket, 'connect');
    const client = new RfbClient(socket);
    await client.#handshake();
    void client.#receive();
    return client;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Copies: tells the server that there is text, which it asks for when somebody pastes. */
  copy(text: string): void {
    this.#text = Buffer.from(`${text.replaceAll('\n', '\r\n')}\0`);
    this.#send(NOTIFY | TEXT);
  }

  /** Resolves when the guest has copied something; call it before that. */
  notified(timeoutMs = PASTE_TIMEOUT_MS): Promise<unknown> {
    return within(once(this, 'notified'), 'QEMU to tell the viewer that the guest has text', timeoutMs);
  }

  /** Pastes what the guest has copied: as it came, with the NUL that ends it. */
  async paste(): Promise<Buffer> {
    const provided = once(this, 'provided') as Promise<[Buffer]>;
    this.#send(REQUEST | TEXT);
    const [text] = await within(provided, 'the text of the guest', PASTE_TIMEOUT_MS);
    return text;
  }

  close(): void {
    this.#socket.destroy();
  }

  async #handshake(): Promise<void> {
    await this.#take(12);
    this.#socket.write('RFB 003.008\n');
    const [count = 0] = await this.#take(1);
    const types = await this.#take(count);
    if (!types.includes(SECURITY_NONE)) throw new Error('the VNC server wants a password');
    this.#socket.write(Buffer.of(SECURITY_NONE));
    if ((await this.#take(4)).readUInt32BE() !== 0) throw new Error('the VNC server lets nobody in');
    this.#socket.write(Buffer.of(1)); // other viewers may stay
    const init = await this.#take(24);
    await this.#take(init.readUInt32BE(20)); // the name of the desktop
    const encodings = Buffer.from([CLIENT_SET_ENCODINGS, 0, 0, 1, 0, 0, 0, 0]);
    encodings.writeUInt32BE(EXTENDED_CLIPBOARD, 4);
    this.#socket.write(encodings);
  }

  /** No screen is asked for, so only these messages come. */
  async #receive(): Promise<void> {
    while (!this.#closed) {
      const [type] = await this.#take(1);
      if (type === SERVER_BELL) continue;
      if (type !== SERVER_CUT_TEXT) throw new Error(`the VNC server sent a message of type ${type}`);
      const size = (await this.#take(7)).readInt32BE(3);
      const body = await this.#take(Math.abs(size));
      if (size < 0) this.#extended(body.readUInt32BE(), body.subarray(4));
    }
  }

  #extended(flags: number, payload: Buffer): void {
    if (flags & CAPS) {
      const sizes = Buffer.alloc(4);
      sizes.writeUInt32BE(UNSOLICITED_MAX);
      this.#send(CAPS | REQUEST | NOTIFY | PROVIDE | TEXT, sizes);
    } else if (flags & NOTIFY && flags & TEXT) this.emit('notified');
    else if (flags & REQUEST && this.#text !== undefined) {
      const size = Buffer.alloc(4);
      size.writeUInt32BE(this.#text.length);
      this.#send(PROVIDE | TEXT, deflateSync(Buffer.concat([size, this.#text])));
      this.emit('served');
    } else if (flags & PROVIDE) {
      const data = inflateSync(payload, { finishFlush: constants.Z_SYNC_FLUSH });
      this.emit('provided', data.subarray(4, 4 + data.readUInt32BE()));
    }
  }

  #send(flags: number, payload: Buffer = Buffer.alloc(0)): void {
    const head = Buffer.alloc(12);
    head[0] = CLIENT_CUT_TEXT;
    head.writeInt32BE(-(4 + payload.length), 4);
    head.writeUInt32BE(flags >>> 0, 8);
    this.#socket.write(Buffer.concat([head, payload]));
  }

  async #take(size: number): Promise<Buffer> {
    for (;;) {
      if (size === 0) return Buffer.alloc(0);
      const bytes = this.#socket.read(size) as Buffer | null;
      if (bytes !== null && bytes.length === size) return bytes;
      if (this.#closed) return new Promise(() => {}); // nobody waits any more
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
