import type { DisplayError, SelectionError } from '../errors.ts';
import type { AtomCache } from '../x11/atoms.ts';
import type { Connection } from '../x11/connection.ts';
import type { PropertyNotifyEvent, SelectionNotifyEvent } from '../x11/events.ts';
import { None } from '../x11/protocol.ts';
import { PropertyPool } from './property-pool.ts';
import { Transfer, type TransferContext, type TransferRequest, type TransferResult } from './transfer.ts';

/** A conversion that is under way. */
export interface ConversionHandle {
  /** The owner is gone or replaced; an answer that is whole already still counts. */
  ownerLost(error: SelectionError): void;
  /** Nobody wants the answer any more. */
  abandon(error: SelectionError | DisplayError): void;
}

/** Asks owners to convert their selections, each conversion into a property of its own on one window. */
export class Requestor {
  readonly #context: TransferContext;
  readonly #pool: PropertyPool;
  readonly #transfers = new Map<number, Transfer>();

  constructor(connection: Connection, atoms: AtomCache, window: number, ownerSilenceMs: number) {
    this.#pool = new PropertyPool(atoms);
    this.#context = {
      connection,
      window,
      incrAtom: atoms.get('INCR'),
      ownerSilenceMs,
      ended: (transfer, clean) => {
        this.#transfers.delete(transfer.property);
        if (clean) this.#pool.release(transfer.property);
      },
    };
  }

  /** Asks for one target. `done` is called exactly once, in the course of an event or a time-out. */
  convert(request: TransferRequest, done: (result: TransferResult) => void): ConversionHandle {
    let transfer: Transfer | undefined;
    let given: SelectionError | DisplayError | undefined;
    this.#pool.acquire((property) => {
      if (given !== undefined) return this.#pool.release(property);
      transfer = new Transfer(this.#context, request, property, done);
      this.#transfers.set(property, transfer);
    });
    const abandon = (error: SelectionError | DisplayError) => {
      if (transfer !== undefined) return transfer.abandon(error);
      if (given !== undefined) return;
      given = error;
      done(error);
    };
    return {
      abandon,
      ownerLost: (error) => (transfer === undefined ? abandon(error) : transfer.ownerLost(error)),
    };
  }

  onSelectionNotify(event: SelectionNotifyEvent): void {
    if (event.requestor !== this.#context.window) return;
    if (event.property !== None) {
      const transfer = this.#transfers.get(event.property);
      if (transfer?.request.selection === event.selection) transfer.onAnswer(false);
      return;
    }
    // A refusal names no property: it belongs to the oldest conversion of that target, by its time where owners keep it.
    const asked = [...this.#transfers.values()].filter(
      ({ isAsked, request }) => isAsked && request.selection === event.selection && request.target === event.target,
    );
    const refused = asked.find(({ request }) => request.time === event.time) ?? asked[0];
    refused?.onAnswer(true);
  }

  onPropertyNotify(event: PropertyNotifyEvent): void {
    if (!event.deleted) this.#transfers.get(event.property)?.onNewValue();
  }

  /** Ends everything because the display is gone. */
  stop(error: DisplayError): void {
    for (const transfer of [...this.#transfers.values()]) transfer.stop(error);
  }
}
