import { isNewValue, type SelectionName, X11Connection, type X11Event } from './connection.ts';

/** Size of an INCR piece, and the most that goes out at once: the fastest size between two Node processes. */
const PIECE_BYTES = 1024 * 1024;

interface Transfer {
  readonly data: Buffer;
  readonly type: number;
  sent: number;
}

/** Copies, as fast as X11 allows: answers every request at once from memory. */
export class Owner {
  readonly connection: X11Connection;
  readonly #offers = new Map<number, { readonly target: number; readonly data: Buffer }>();
  readonly #transfers = new Map<string, Transfer>();

  private constructor(connection: X11Connection) {
    this.connection = connection;
    connection.onEvent((event) => {
      if (event.name === 'SelectionRequest') this.#answer(event);
      else if (event.name === 'PropertyNotify' && !isNewValue(event)) this.#sendPiece(event);
    });
  }

  static async connect(display: string, targets: readonly string[]): Promise<Owner> {
    return new Owner(await X11Connection.connect(display, targets));
  }

  /** Takes a selection and offers `data` as `target`. */
  own(selection: SelectionName, target: string, data: Buffer): void {
    const atom = this.connection.atom(selection);
    this.#offers.set(atom, { target: this.connection.atom(target), data });
    this.connection.setSelectionOwner(atom, this.connection.window);
  }

  #answer(request: X11Event): void {
    const { connection } = this;
    const offer = this.#offers.get(request.selection);
    const targets = connection.atom('TARGETS');
    const property = request.property || request.target;
    if (offer && request.target === targets) {
      const list = Buffer.from(Uint32Array.of(targets, offer.target).buffer);
      connection.changeProperty(request.requestor, property, connection.atom('ATOM'), 32, list);
      connection.notifyRequestor(request, property);
    } else if (offer && request.target === offer.target) {
      this.#begin(request, property, offer.target, offer.data);
    } else {
      connection.notifyRequestor(request, 0);
    }
  }

  #begin(request: X11Event, property: number, type: number, data: Buffer): void {
    const { connection } = this;
    if (data.length <= PIECE_BYTES) {
      connection.changeProperty(request.requestor, property, type, 8, data);
    } else {
      connection.watchProperties(request.requestor);
      this.#transfers.set(`${request.requestor} ${property}`, { data, type, sent: 0 });
      const size = Buffer.from(Uint32Array.of(data.length).buffer);
      connection.changeProperty(request.requestor, property, connection.atom('INCR'), 32, size);
    }
    connection.notifyRequestor(request, property);
  }

  #sendPiece({ wid, atom }: X11Event): void {
    const key = `${wid} ${atom}`;
    const transfer = this.#transfers.get(key);
    if (!transfer) return;
    const piece = transfer.data.subarray(transfer.sent, transfer.sent + PIECE_BYTES);
    transfer.sent += piece.length;
    if (piece.length === 0) this.#transfers.delete(key);
    this.connection.changeProperty(wid, atom, transfer.type, 8, piece);
  }

  close(): void {
    this.connection.close();
  }
}
