import type { Connection } from '../x11/connection.ts';
import type { PropertyNotifyEvent } from '../x11/events.ts';
import type { RequestorWindows, WindowUser } from './requestor-windows.ts';

/** What goes into one property of a requestor. */
export interface Content {
  readonly window: number;
  readonly property: number;
  /** The type's atom. */
  readonly type: number;
  readonly bytes: Uint8Array;
}

export interface OutgoingContext {
  readonly connection: Connection;
  readonly windows: RequestorWindows;
  readonly incrAtom: number;
  readonly requestorStallMs: number;
  ended(transfer: OutgoingTransfer): void;
}

/**
 * One INCR transfer to a requestor (ICCCM 2.7.2): first the size under the type INCR, then a piece each time that the
 * requestor deletes the property, at the end a piece of no length. Each goes at its own requestor's speed.
 */
export class OutgoingTransfer implements WindowUser {
  readonly content: Content;
  readonly #context: OutgoingContext;
  readonly #stall: NodeJS.Timeout;
  #offset = 0;
  /** The number of our last write to the property: deletions from before it mean an earlier value. */
  #written: number;
  #waitingForSocket = false;
  #ended = false;

  /** Writes the INCR property. The requestor's SelectionNotify is to follow. */
  constructor(context: OutgoingContext, content: Content) {
    this.content = content;
    this.#context = context;
    this.#stall = setTimeout(() => this.end(), context.requestorStallMs);
    context.windows.acquire(content.window, this);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(content.bytes.length);
    context.connection.changeProperty(content.window, content.property, context.incrAtom, 32, size);
    this.#written = context.connection.sequence;
  }

  onDeleted(event: PropertyNotifyEvent): void {
    if (this.#ended || this.#waitingForSocket || event.sequence < this.#written) return;
    this.#stall.refresh();
    this.#waitingForSocket = true;
    this.#context.connection.whenWritable(() => {
      this.#waitingForSocket = false;
      if (!this.#ended) this.#writePiece();
    });
  }

  #writePiece(): void {
    const { connection } = this.#context;
    const { window, property, type, bytes } = this.content;
    const piece = bytes.subarray(this.#offset, this.#offset + connection.maxPropertyBytes);
    this.#offset += piece.length;
    connection.changeProperty(window, property, type, 8, piece);
    this.#written = connection.sequence;
    if (piece.length === 0) this.end();
  }

  windowGone(): void {
    this.end();
  }

  /** Done, stalled, or the requestor is gone: lets go of the content. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#stall);
    this.#context.windows.release(this.content.window, this);
    this.#context.ended(this);
  }
}
