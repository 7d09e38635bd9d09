import { isNewValue, type SelectionName, X11Connection } from './connection.ts';

/** Fresh properties in turn, so that a late event of one transfer is never taken for the next one's. */
const PROPERTIES = Array.from({ length: 16 }, (_, index) => `CLIPMUX_BENCH_${index}`);

/** Pastes, as fast as X11 allows. One transfer at a time. */
export class Requestor {
  readonly connection: X11Connection;
  #transfers = 0;

  private constructor(connection: X11Connection) {
    this.connection = connection;
  }

  static async connect(display: string, targets: readonly string[]): Promise<Requestor> {
    return new Requestor(await X11Connection.connect(display, [...PROPERTIES, ...targets]));
  }

  /** Settles at the next change of the selection's owner; gives the owner's window, 0 if there is none. */
  nextOwner(selection: SelectionName): Promise<number> {
    const wanted = this.connection.atom(selection);
    return new Promise((resolve) => {
      const stop = this.connection.onOwner((atom, owner) => {
        if (atom !== wanted) return;
        stop();
        resolve(owner);
      });
    });
  }

  /**
   * Reads a selection.
   * @param sink is given each piece as it comes
   * @returns the number of bytes
   * @throws if the owner refuses
   */
  read(selection: SelectionName, target: string, sink: (piece: Buffer) => void): Promise<number> {
    const { connection } = this;
    const property = connection.atom(PROPERTIES[this.#transfers++ % PROPERTIES.length] as string);
    const incr = connection.atom('INCR');
    let total = 0;
    let incremental = false;
    return new Promise((resolve, reject) => {
      const takePiece = (): void =>
        connection.takeProperty(property, ({ type, data }) => {
          if (!incremental && type === incr) {
            incremental = true;
            return;
          }
          if (data.length > 0) {
            total += data.length;
            sink(data);
          }
          if (incremental && data.length > 0) return;
          stop();
          resolve(total);
        });
      const stop = connection.onEvent((event) => {
        if (event.name === 'SelectionNotify' && (event.property === property || event.property === 0)) {
          if (event.property === 0) {
            stop();
            reject(new Error(`the owner of ${selection} refused ${target}`));
          } else if (!incremental) {
            takePiece();
          }
        } else if (event.name === 'PropertyNotify' && incremental && event.atom === property && isNewValue(event)) {
          takePiece();
        }
      });
      connection.convertSelection(connection.atom(selection), connection.atom(target), property);
    });
  }

  close(): void {
    this.connection.close();
  }
}
