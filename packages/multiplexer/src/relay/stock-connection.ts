import type { Socket } from 'node:net';
import { SHARED_TIMERS, type TimerHandle, type Timers } from '@clipmux/rpc';
import {
  type CapabilitySet,
  type ChunkPort,
  chunked,
  decodeMessage,
  frameMessage,
  type MessageHeader,
  MessageReader,
  MessageType,
  VDP_CLIENT_PORT,
  VdAgentError,
} from '@clipmux/vdagent';
import { HOST_BACKLOG_BYTES, STOCK_BACKLOG_BYTES, STOCK_STALL_MS } from './limits.ts';
import { isRelayed } from './what-is-relayed.ts';

/** What the stock daemon does. */
export interface StockListener {
  /** It has announced itself; with `request` it wants to know the host's capabilities. */
  announced(capabilities: CapabilitySet, request: boolean): void;
  /** A message for the host. `taken` is to be called once, when it waits no longer. */
  message(chunkPort: ChunkPort, header: MessageHeader, body: Uint8Array, taken: () => void): void;
  /** It has sent clipboard, which is kept from the host. */
  keptBack(type: number): void;
  /** A message of its that makes no sense was passed over. */
  skipped(error: VdAgentError): void;
  /** The last call. */
  closed(reason: string): void;
}

const NO_FORMAT = { selection: false, grabSerial: false } as const;

/**
 * The stock daemon at the other end of a socket, for which clipmuxd plays the port. What waits for it is bounded: one that stops
 * reading is disconnected. What it sends ahead of the port is bounded too: it is not read until the port has taken some.
 */
export class StockConnection {
  readonly #socket: Socket;
  readonly #listener: StockListener;
  readonly #timers: Timers;
  readonly #reader: MessageReader;
  /** Bytes of its messages that the port has not taken. */
  #ahead = 0;
  #open = true;
  #stallTimer: TimerHandle | null = null;
  /** `bytesWritten` when it was looked at last: whether the daemon takes anything. */
  #writtenBefore = 0;

  constructor(socket: Socket, listener: StockListener, timers: Timers = SHARED_TIMERS) {
    this.#socket = socket;
    this.#listener = listener;
    this.#timers = timers;
    const streamed = (): void => {};
    this.#reader = new MessageReader(
      {
        message: (chunkPort, header, body) => this.#message(chunkPort, header, body),
        // Clipboard content is passed over as it comes: nothing is kept of it.
        streamStart: (_chunkPort, header) => listener.keptBack(header.type),
        streamData: streamed,
        streamEnd: streamed,
        streamAbort: streamed,
        error: (error) => this.#error(error),
      },
      { streams: (header) => header.type === MessageType.CLIPBOARD },
    );
    socket.on('data', (bytes) => this.#reader.push(bytes));
    socket.on('error', (error) => this.close(error.message));
    socket.on('end', () => this.close('it has closed the connection'));
    socket.on('close', () => this.close('the connection has closed'));
    socket.resume();
  }

  /** Tells it what the host can. With `request` as a client that has just connected: it then tells what it can itself. */
  announce(capabilities: CapabilitySet, request: boolean): void {
    this.#write(frameMessage(VDP_CLIENT_PORT, { type: 'announce-capabilities', request, capabilities }, NO_FORMAT));
  }

  /** Hands it a message of the host's, as it came. */
  send(chunkPort: ChunkPort, header: MessageHeader, body: Uint8Array): void {
    this.#write(chunked(chunkPort, header, [body]));
  }

  /** Hangs up at once. */
  close(reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#stallTimer !== null) this.#timers.clear(this.#stallTimer);
    this.#stallTimer = null;
    this.#socket.destroy();
    this.#reader.reset();
    this.#listener.closed(reason);
  }

  #message(chunkPort: ChunkPort, header: MessageHeader, body: Uint8Array): void {
    if (!this.#open) return;
    if (header.type === MessageType.ANNOUNCE_CAPABILITIES) {
      try {
        const message = decodeMessage(header, body, NO_FORMAT, chunkPort);
        if (message.type === 'announce-capabilities') this.#listener.announced(message.capabilities, message.request);
      } catch (error) {
        if (!(error instanceof VdAgentError)) throw error;
        this.#error(error);
      }
      return;
    }
    if (!isRelayed(header.type)) {
      this.#listener.keptBack(header.type);
      return;
    }
    const size = header.size;
    this.#ahead += size;
    if (this.#ahead > HOST_BACKLOG_BYTES) this.#socket.pause();
    this.#listener.message(chunkPort, header, body, () => {
      this.#ahead -= size;
      if (this.#open && this.#socket.isPaused() && this.#ahead <= HOST_BACKLOG_BYTES / 2) this.#socket.resume();
    });
  }

  #error(error: VdAgentError): void {
    if (error.consequence === 'reset-link') this.close(`${error.code}: ${error.message}`);
    else this.#listener.skipped(error);
  }

  #write(buffers: readonly Uint8Array[]): void {
    if (!this.#open) return;
    for (const buffer of buffers) this.#socket.write(buffer);
    const { writableLength } = this.#socket;
    if (writableLength > STOCK_BACKLOG_BYTES) {
      this.close(`it does not read: ${writableLength} bytes wait for it, and ${STOCK_BACKLOG_BYTES} may`);
    } else if (writableLength > 0 && this.#stallTimer === null) {
      this.#watch();
    }
  }

  /** Looks after a while whether it has taken anything of what waits. */
  #watch(): void {
    this.#writtenBefore = taken(this.#socket);
    this.#stallTimer = this.#timers.set(() => {
      this.#stallTimer = null;
      if (this.#socket.writableLength === 0) return;
      if (taken(this.#socket) > this.#writtenBefore) this.#watch();
      else this.close(`it does not read: it has taken nothing for ${STOCK_STALL_MS} ms`);
    }, STOCK_STALL_MS);
  }
}

/** Bytes that the kernel has taken; `bytesWritten` counts those too that wait in the process. */
function taken(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength;
}
