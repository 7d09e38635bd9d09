import { type DisplayError, SelectionError } from '../errors.ts';
import { MAX_PROPERTY_READ_BYTES } from '../limits.ts';
import type { TimerHandle } from '../timers.ts';
import type { Connection, PropertyValue } from '../x11/connection.ts';
import { Gatherer } from './gatherer.ts';

/** What to ask an owner for. */
export interface TransferRequest {
  readonly selection: number;
  readonly target: number;
  /** Server time at which the present owner was seen. */
  readonly time: number;
  readonly maxBytes: number;
}

/** An owner's whole answer. */
export interface Received {
  /** The type's atom. */
  readonly type: number;
  readonly format: number;
  readonly bytes: Buffer;
}

export type TransferResult = Received | SelectionError | DisplayError;

/** What a transfer needs of the requestor. */
export interface TransferContext {
  readonly connection: Connection;
  readonly window: number;
  readonly incrAtom: number;
  readonly ownerSilenceMs: number;
  /** The transfer needs no more events. `clean`: its property is gone and nobody writes to it. */
  ended(transfer: Transfer, clean: boolean): void;
}

/**
 * One conversion from the requestor's side (ICCCM 2.4, INCR 2.7.2): ConvertSelection, then the property, then perhaps
 * more of it piece by piece. All of it runs in the callbacks of the connection.
 *
 * - `asked`: waits for SelectionNotify
 * - `reading`: the property is being read
 * - `waiting`: the owner is to write the next INCR piece
 * - `ended`: its property is of no use any more
 */
export class Transfer {
  readonly request: TransferRequest;
  readonly property: number;
  readonly #context: TransferContext;
  #silence: TimerHandle;
  #done: ((result: TransferResult) => void) | undefined;
  #state: 'asked' | 'reading' | 'waiting' | 'ended' = 'asked';
  #incremental = false;
  #gatherer: Gatherer | undefined;
  #type = 0;
  #format = 8;
  /** Why the owner can give no more; what it had already written is still read. */
  #ownerLost: SelectionError | undefined;

  constructor(
    context: TransferContext,
    request: TransferRequest,
    property: number,
    done: (result: TransferResult) => void,
  ) {
    this.#context = context;
    this.request = request;
    this.property = property;
    this.#done = done;
    const { connection, window } = context;
    connection.convertSelection(window, request.selection, request.target, property, request.time);
    this.#silence = this.#listen();
  }

  /** Waits for the owner's next sign of life. */
  #listen(): TimerHandle {
    const { connection, ownerSilenceMs } = this.#context;
    return connection.timers.set(() => this.#onSilence(), ownerSilenceMs);
  }

  #heard(): void {
    this.#context.connection.timers.clear(this.#silence);
    this.#silence = this.#listen();
  }

  /** Whether the owner's SelectionNotify is still to come. */
  get isAsked(): boolean {
    return this.#state === 'asked';
  }

  /** The owner has answered; later answers (xsel sends a second one) are not handed here. */
  onAnswer(refused: boolean): void {
    if (this.#state !== 'asked') return;
    if (refused) {
      this.#finish(new SelectionError('owner-refused', 'the owner refused to give the selection'), true);
    } else if (this.#done === undefined) {
      this.#discardAnswer();
    } else {
      this.#state = 'reading';
      this.#read(0);
    }
  }

  /** The owner has written to the property. */
  onNewValue(): void {
    if (this.#state !== 'waiting') return; // while reading: what is read includes it
    this.#heard();
    this.#state = 'reading';
    this.#read(0);
  }

  /** The owner is gone or has been replaced. What it had already answered whole is still read. */
  ownerLost(error: SelectionError): void {
    if (this.#state === 'reading') this.#ownerLost = error;
    else this.abandon(error);
  }

  /** Nobody wants the content any more. */
  abandon(error: SelectionError | DisplayError): void {
    const done = this.#done;
    this.#done = undefined;
    this.#gatherer = undefined;
    // The owner may still answer: the property is watched until then, so that it can be used again.
    if (this.#state !== 'asked') this.#end(false);
    done?.(error);
  }

  /** The display is gone. */
  stop(error: DisplayError): void {
    this.#end(false);
    this.abandon(error);
  }

  #onSilence(): void {
    const done = this.#done;
    this.#done = undefined;
    this.#end(false);
    done?.(new SelectionError('timed-out', `the owner made no progress for ${this.#context.ownerSilenceMs} ms`));
  }

  #end(clean: boolean): void {
    if (this.#state === 'ended') return;
    this.#context.connection.timers.clear(this.#silence);
    this.#state = 'ended';
    this.#context.ended(this, clean);
  }

  #finish(result: TransferResult, clean: boolean): void {
    const done = this.#done;
    this.#done = undefined;
    this.#gatherer = undefined;
    this.#end(clean);
    done?.(result);
  }

  /** Removes an answer that came too late. Deleting an INCR property would make the owner send the content. */
  #discardAnswer(): void {
    const { connection, window, incrAtom } = this.#context;
    this.#state = 'reading';
    connection.getProperty(window, this.property, 0, 0, { delete: false }, (value) => {
      const incremental = value === undefined || value.type === incrAtom;
      if (!incremental) connection.deleteProperty(window, this.property);
      this.#end(!incremental);
    });
  }

  #read(offset: number): void {
    const { connection, window } = this.#context;
    connection.getProperty(window, this.property, offset, MAX_PROPERTY_READ_BYTES, { delete: true }, (value) => {
      if (this.#state !== 'reading') return;
      this.#heard();
      try {
        if (value === undefined) throw new SelectionError('bad-answer', "the owner's answer cannot be read");
        this.#onValue(value, offset);
      } catch (error) {
        if (!(error instanceof SelectionError)) throw error;
        // In an INCR transfer the owner writes again when the property is deleted, so it is left alone.
        if (!this.#incremental) connection.deleteProperty(window, this.property);
        this.#finish(error, !this.#incremental);
      }
    });
    this.#gatherer?.settle(); // what came before is copied while the server sends this
  }

  #onValue(value: PropertyValue, offset: number): void {
    const first = offset === 0;
    if (value.type === 0 && !(first && this.#incremental)) {
      throw new SelectionError('bad-answer', 'the owner said that it had answered, but there is no such property');
    }
    if (first && !this.#incremental) {
      if (value.type === this.#context.incrAtom) return this.#beginIncremental(value);
      const size = value.data.length + value.bytesAfter;
      this.#gatherer = new Gatherer(this.request.maxBytes, value.bytesAfter > 0 ? size : 0);
    }
    this.#gatherer?.expect(value.data.length + value.bytesAfter);
    this.#gatherer?.add(value.data);
    if (this.#type === 0 || value.data.length > 0) {
      this.#type = value.type;
      this.#format = value.format;
    }
    if (value.bytesAfter > 0) return this.#read(offset + value.data.length);
    // A piece of no length ends an INCR transfer; a property that is not there is one that was read before.
    const isEnd = !this.#incremental || (value.type !== 0 && first && value.data.length === 0);
    if (isEnd) this.#complete();
    else this.#awaitPiece();
  }

  #beginIncremental(value: PropertyValue): void {
    const announced = value.format === 32 && value.data.length >= 4 ? value.data.readUInt32LE(0) : 0;
    this.#incremental = true; // the read has deleted the property, and so told the owner to begin
    this.#gatherer = new Gatherer(this.request.maxBytes, announced);
    this.#awaitPiece();
  }

  #awaitPiece(): void {
    if (this.#ownerLost !== undefined) return this.#finish(this.#ownerLost, false);
    this.#state = 'waiting';
  }

  #complete(): void {
    const bytes = this.#gatherer?.take() ?? Buffer.alloc(0);
    this.#finish({ type: this.#type, format: this.#format, bytes }, true);
  }
}
