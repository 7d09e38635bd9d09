import type { Connection } from '../x11/connection.ts';
import type { PropertyNotifyEvent } from '../x11/events.ts';
import { type Content, type OutgoingContext, OutgoingTransfer } from './outgoing-transfer.ts';
import type { RequestorWindows } from './requestor-windows.ts';

/** Puts contents into requestors' properties: small ones at once, large ones by INCR, many at a time. */
export class OutgoingTransfers {
  readonly #context: OutgoingContext;
  /** By window, then by property. */
  readonly #transfers = new Map<number, Map<number, OutgoingTransfer>>();
  readonly #ended: (window: number) => void;

  /** @param ended called when a transfer that `write` began for that window is over */
  constructor(
    connection: Connection,
    windows: RequestorWindows,
    incrAtom: number,
    requestorStallMs: number,
    ended: (window: number) => void,
  ) {
    this.#ended = ended;
    this.#context = {
      connection,
      windows,
      incrAtom,
      requestorStallMs,
      ended: (transfer) => this.#remove(transfer),
    };
  }

  /**
   * Writes a content, or begins its INCR transfer.
   *
   * @returns whether a transfer goes on
   */
  write(content: Content): boolean {
    const { window, property, type, bytes } = content;
    // A requestor that asks again for the same property has given up the transfer before.
    this.#transfers.get(window)?.get(property)?.end();
    if (bytes.length <= this.#context.connection.maxPropertyBytes) {
      this.#context.connection.changeProperty(window, property, type, 8, bytes);
      return false;
    }
    const transfer = new OutgoingTransfer(this.#context, content);
    const ofWindow = this.#transfers.get(window) ?? new Map<number, OutgoingTransfer>();
    this.#transfers.set(window, ofWindow.set(property, transfer));
    return true;
  }

  onPropertyNotify(event: PropertyNotifyEvent): void {
    if (event.deleted) this.#transfers.get(event.window)?.get(event.property)?.onDeleted(event);
  }

  stop(): void {
    for (const ofWindow of [...this.#transfers.values()]) for (const transfer of [...ofWindow.values()]) transfer.end();
  }

  #remove(transfer: OutgoingTransfer): void {
    const { window, property } = transfer.content;
    const ofWindow = this.#transfers.get(window);
    ofWindow?.delete(property);
    if (ofWindow?.size === 0) this.#transfers.delete(window);
    this.#ended(window);
  }
}
