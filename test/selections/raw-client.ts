import { AtomCache } from '../../packages/selections/src/x11/atoms.ts';
import { Connection, type PropertyValue } from '../../packages/selections/src/x11/connection.ts';
import type {
  ConnectionEvent,
  PropertyNotifyEvent,
  SelectionNotifyEvent,
  SelectionRequestEvent,
} from '../../packages/selections/src/x11/events.ts';
import { PropertyChangeMask } from '../../packages/selections/src/x11/protocol.ts';
import { ServerTime } from '../../packages/selections/src/x11/server-time.ts';
import { within } from '../support/wait.ts';
import type { Display } from '../support/xvfb.ts';

const NAMES = [
  'CLIPBOARD',
  'PRIMARY',
  'TARGETS',
  'TIMESTAMP',
  'MULTIPLE',
  'ATOM_PAIR',
  'INCR',
  'UTF8_STRING',
  'STRING',
];
const MORE_NAMES = [
  'x-kde-passwordManagerHint',
  'TEXT',
  'COMPOUND_TEXT',
  'image/png',
  'text/html',
  'text/plain;charset=utf-8',
  'x-kde-passwordManagerHint',
  'P0',
  'P1',
  'P2',
  'TIME',
];

/** Numbers of 32 bits as a property's bytes. */
export function words(...values: number[]): Buffer {
  return Buffer.from(Uint32Array.from(values).buffer);
}

/** A second client of the X server that does as owner or requestor exactly what a test tells it, right or wrong. */
export class RawClient {
  readonly connection: Connection;
  readonly window: number;
  /** Answers requests, as an owner. */
  onRequest: (request: SelectionRequestEvent) => void = () => {};
  /** Sees property changes of the own window. */
  onProperty: (event: PropertyNotifyEvent) => void = () => {};
  readonly #atoms: AtomCache;
  readonly #time: ServerTime;
  readonly #answers: SelectionNotifyEvent[] = [];
  #awaiting: ((event: SelectionNotifyEvent) => void) | undefined;
  /** All windows whose property changes are seen. */
  #foreign: (event: PropertyNotifyEvent) => void = () => {};

  private constructor(connection: Connection, atoms: AtomCache) {
    this.connection = connection;
    this.#atoms = atoms;
    this.window = connection.createWindow(PropertyChangeMask);
    this.#time = new ServerTime(connection, this.window, atoms.get('TIME'));
    connection.onEvent = (event) => this.#onEvent(event);
  }

  static async connect(xvfb: Display): Promise<RawClient> {
    const options = { display: xvfb.display, env: xvfb.env, connectMs: 10_000, replyMs: 10_000 };
    const connection = await Connection.open(options);
    const atoms = new AtomCache(connection);
    await atoms.preload([...NAMES, ...MORE_NAMES]);
    return new RawClient(connection, atoms);
  }

  #onEvent(event: ConnectionEvent): void {
    if (event.kind === 'selection-request') return this.onRequest(event);
    if (event.kind === 'property-notify') {
      if (event.window !== this.window) return this.#foreign(event);
      if (!this.#time.onPropertyNotify(event)) this.onProperty(event);
    }
    if (event.kind === 'selection-notify') {
      const awaiting = this.#awaiting;
      this.#awaiting = undefined;
      if (awaiting !== undefined) awaiting(event);
      else this.#answers.push(event);
    }
  }

  /** The atom of one of the names that this client knows. */
  atom(name: string): number {
    const atom = this.#atoms.get(name);
    if (atom === 0) throw new Error(`add ${name} to the names in raw-client.ts`);
    return atom;
  }

  time(): Promise<number> {
    return within(new Promise((resolve) => this.#time.ask(resolve)), "the server's time");
  }

  async own(selection = 'CLIPBOARD', onRequest?: (request: SelectionRequestEvent) => void): Promise<void> {
    if (onRequest !== undefined) this.onRequest = onRequest;
    this.connection.setSelectionOwner(this.window, this.atom(selection), await this.time());
    await this.sync();
  }

  sync(): Promise<void> {
    return within(new Promise((resolve) => this.connection.sync(resolve)), 'the server');
  }

  /** Sets a property on the requestor's window and says so. */
  answer(request: SelectionRequestEvent, type: string | number, format: 8 | 32, data: Uint8Array): void {
    const atom = typeof type === 'number' ? type : this.atom(type);
    this.connection.changeProperty(request.requestor, request.property, atom, format, data);
    this.notify(request, request.property);
  }

  notify(request: SelectionRequestEvent, property: number): void {
    const { requestor, selection, target, time } = request;
    this.connection.sendSelectionNotify(requestor, selection, target, property, time);
  }

  refuse(request: SelectionRequestEvent): void {
    this.notify(request, 0);
  }

  /** Answers TARGETS with these names and hands all else to `onRequest`. */
  async ownOffering(targets: string[], onRequest: (request: SelectionRequestEvent) => void): Promise<void> {
    await this.own('CLIPBOARD', (request) => {
      if (request.target !== this.atom('TARGETS')) return onRequest(request);
      this.answer(request, 4, 32, words(...targets.map((name) => this.atom(name))));
    });
  }

  /** Begins an INCR answer; `next` is called each time that the requestor has taken what was there. */
  beginIncremental(request: SelectionRequestEvent, announced: number, next: () => void): void {
    this.connection.selectEvents(request.requestor, PropertyChangeMask);
    this.#foreign = (event) => {
      if (event.deleted && event.window === request.requestor && event.property === request.property) next();
    };
    this.answer(request, 'INCR', 32, words(announced));
  }

  /** Asks the owner to convert, and awaits its SelectionNotify. */
  async convert(target: string, property: string | 0, options: ConvertOptions = {}): Promise<SelectionNotifyEvent> {
    const { selection = 'CLIPBOARD' } = options;
    const atom = property === 0 ? 0 : this.atom(property);
    const time = options.time ?? (await this.time());
    this.connection.convertSelection(this.window, this.atom(selection), this.atom(target), atom, time);
    return this.nextAnswer(options.timeoutMs);
  }

  /** The next SelectionNotify that came or comes. */
  nextAnswer(timeoutMs = 10_000): Promise<SelectionNotifyEvent> {
    const answer = this.#answers.shift();
    if (answer !== undefined) return Promise.resolve(answer);
    return within(
      new Promise((resolve) => {
        this.#awaiting = resolve;
      }),
      'SelectionNotify',
      timeoutMs,
    );
  }

  /** Reads a property of the own window, and deletes it where told to. */
  property(name: string, deleteIt = false): Promise<PropertyValue> {
    return new Promise((resolve, reject) => {
      const length = 64 * 1024 * 1024;
      this.connection.getProperty(this.window, this.atom(name), 0, length, { delete: deleteIt }, (value) =>
        value === undefined ? reject(new Error('GetProperty failed')) : resolve(value),
      );
    });
  }

  /**
   * Gathers an INCR transfer whose first property has been answered.
   *
   * @param beforePiece awaited before each piece is taken, to make a slow requestor
   */
  async gather(name: string, beforePiece: (piece: number) => Promise<void> = async () => {}): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let arrived: () => void = () => {};
    let unread = 0;
    this.onProperty = (event) => {
      if (event.property !== this.atom(name) || event.deleted) return;
      unread++;
      arrived();
    };
    this.connection.deleteProperty(this.window, this.atom(name));
    for (let piece = 0; ; piece++) {
      if (unread === 0) {
        const next = new Promise<void>((resolve) => {
          arrived = resolve;
        });
        await within(next, `piece ${piece} of an INCR transfer`);
      }
      unread--;
      await beforePiece(piece);
      const value = await this.property(name, true);
      if (value.data.length === 0) return Buffer.concat(pieces);
      pieces.push(value.data);
    }
  }

  /** Ends the connection, as a program that exits or crashes does. */
  die(): Promise<void> {
    return this.connection.close();
  }
}

export interface ConvertOptions {
  readonly selection?: string;
  readonly time?: number;
  readonly timeoutMs?: number;
}
