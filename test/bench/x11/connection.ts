import { createRequire } from 'node:module';
import { createConnection } from 'node:net';

/** What of the `x11` package the benchmark uses. It measures clipmux, so it shares none of clipmux's X11 code. */
interface X11Client {
  seq_num: number;
  atoms: Record<string, number>;
  readonly pack_stream: { put(data: Buffer): void; submit(): boolean };
  readonly eventMask: { readonly PropertyChange: number };
  on(event: 'event', listener: (event: X11Event) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  AllocID(): number;
  CreateWindow(...args: unknown[]): void;
  ChangeWindowAttributes(window: number, values: { eventMask: number }): void;
  InternAtom(onlyIfExists: boolean, name: string, reply: (error: Error | null, atom: number) => void): void;
  GetProperty(
    remove: number,
    window: number,
    property: number,
    type: number,
    offset: number,
    length: number,
    reply: (error: Error | null, value: PropertyValue) => void,
  ): void;
  DeleteProperty(window: number, property: number): void;
  SetSelectionOwner(window: number, selection: number, time: number): void;
  ConvertSelection(window: number, selection: number, target: number, property: number, time: number): void;
  SendEvent(window: number, propagate: number, mask: number, event: object): void;
  require(extension: 'fixes', reply: (error: Error | null, fixes: XFixes) => void): void;
  sync(reply: (error: Error | null) => void): void;
  terminate(): void;
}

interface XFixes {
  readonly firstEvent: number;
  SelectSelectionInput(window: number, selection: number, mask: number): void;
}

export interface PropertyValue {
  readonly type: number;
  readonly data: Buffer;
}

/** The fields of the events that matter here; XFIXES' SelectionNotify has `owner` and no `requestor`. */
export interface X11Event {
  readonly type: number;
  readonly name: string;
  readonly time: number;
  readonly wid: number;
  readonly atom: number;
  readonly state: number;
  readonly owner: number;
  readonly requestor: number;
  readonly selection: number;
  readonly target: number;
  readonly property: number;
}

interface X11Module {
  createClient(options: object, ready: (error: Error | null, display: X11Display) => void): X11Client;
}

interface X11Display {
  readonly client: X11Client;
  readonly screen: ReadonlyArray<{ readonly root: number }>;
}

const x11 = createRequire(import.meta.url)('x11') as X11Module;

const CHANGE_PROPERTY_OPCODE = 18;
const REPLACE = 0;
const ALL_SELECTION_EVENTS = 7;
const WHOLE_PROPERTY = 0x1fff_ffff;
const PROPERTY_NEW_VALUE = 0;

export type SelectionName = 'CLIPBOARD' | 'PRIMARY';

/** One X11 connection with one window, bare and fast: no time-outs, no courtesy, errors end the run. */
export class X11Connection {
  readonly window: number;
  readonly #client: X11Client;
  readonly #atoms: ReadonlyMap<string, number>;
  readonly #listeners = new Set<(event: X11Event) => void>();
  readonly #ownerListeners = new Set<(selection: number, owner: number) => void>();

  private constructor(client: X11Client, root: number, atoms: ReadonlyMap<string, number>, fixes: XFixes) {
    this.#client = client;
    this.#atoms = atoms;
    this.window = client.AllocID();
    client.CreateWindow(this.window, root, 0, 0, 1, 1, 0, 0, 0, 0, { eventMask: client.eventMask.PropertyChange });
    for (const name of ['CLIPBOARD', 'PRIMARY']) {
      fixes.SelectSelectionInput(this.window, this.atom(name), ALL_SELECTION_EVENTS);
    }
    client.on('event', (event) => {
      if (event.type === fixes.firstEvent) {
        for (const listener of this.#ownerListeners) listener(event.selection, event.owner);
      } else {
        for (const listener of this.#listeners) listener(event);
      }
    });
    client.on('error', (error) => {
      throw error;
    });
  }

  /** @param display such as `:7`, on this machine */
  static async connect(display: string, atomNames: readonly string[]): Promise<X11Connection> {
    const stream = createConnection(`/tmp/.X11-unix/X${display.replace(/^:(\d+).*/, '$1')}`);
    await new Promise<void>((resolve, reject) => stream.once('connect', resolve).once('error', reject));
    const { client, screen } = await new Promise<X11Display>((resolve, reject) =>
      x11.createClient({ display, stream, shm: false, auth: { name: '', data: '' } }, (error, connected) =>
        error ? reject(error) : resolve(connected),
      ),
    );
    client.atoms = Object.assign(Object.create(null), client.atoms);
    const atoms = new Map<string, number>();
    for (const name of ['CLIPBOARD', 'PRIMARY', 'ATOM', 'INCR', 'TARGETS', ...atomNames]) {
      atoms.set(name, await answered<number>((reply) => client.InternAtom(false, name, reply)));
    }
    const fixes = await answered<XFixes>((reply) => client.require('fixes', reply));
    return new X11Connection(client, (screen[0] as { root: number }).root, atoms, fixes);
  }

  /** An atom that connect() was given. */
  atom(name: string): number {
    const atom = this.#atoms.get(name);
    if (atom === undefined) throw new Error(`the atom ${name} was not named when connecting`);
    return atom;
  }

  /** Calls back for every core event; returns what ends that. */
  onEvent(listener: (event: X11Event) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls back when a selection gets another owner, or the same anew (XFIXES). */
  onOwner(listener: (selection: number, owner: number) => void): () => void {
    this.#ownerListeners.add(listener);
    return () => this.#ownerListeners.delete(listener);
  }

  setSelectionOwner(selection: number, window: number): void {
    this.#client.SetSelectionOwner(window, selection, 0);
  }

  convertSelection(selection: number, target: number, property: number): void {
    this.#client.ConvertSelection(this.window, selection, target, property, 0);
  }

  /** Reads a whole property and deletes it. */
  takeProperty(property: number, done: (value: PropertyValue) => void): void {
    this.#client.GetProperty(1, this.window, property, 0, 0, WHOLE_PROPERTY, (error, value) => {
      if (error) throw error;
      done(value);
    });
  }

  /** ChangeProperty with the length field of BIG-REQUESTS, so that a piece of any size is one request, not copied. */
  changeProperty(window: number, property: number, type: number, format: 8 | 32, data: Buffer): void {
    const padding = (4 - (data.length % 4)) % 4;
    const header = Buffer.alloc(28);
    header[0] = CHANGE_PROPERTY_OPCODE;
    header[1] = REPLACE;
    header.writeUInt32LE((header.length + data.length + padding) / 4, 4);
    header.writeUInt32LE(window, 8);
    header.writeUInt32LE(property, 12);
    header.writeUInt32LE(type, 16);
    header[20] = format;
    header.writeUInt32LE(data.length / (format / 8), 24);
    this.#client.seq_num += 1;
    this.#client.pack_stream.put(header);
    if (data.length > 0) this.#client.pack_stream.put(data);
    if (padding > 0) this.#client.pack_stream.put(Buffer.alloc(padding));
    this.#client.pack_stream.submit();
  }

  /** Asks to be told when properties of another client's window change. */
  watchProperties(window: number): void {
    this.#client.ChangeWindowAttributes(window, { eventMask: this.#client.eventMask.PropertyChange });
  }

  /** Answers a SelectionRequest; property 0 refuses it. */
  notifyRequestor(request: X11Event, property: number): void {
    this.#client.SendEvent(request.requestor, 0, 0, { ...request, name: 'SelectionNotify', type: 31, property });
  }

  /** Settles when the server has carried out everything sent so far. */
  sync(): Promise<void> {
    return answered((reply) => this.#client.sync(reply as (error: Error | null) => void));
  }

  close(): void {
    this.#client.terminate();
  }
}

/** Whether the event says that a property got a value, or, if not, that it was deleted. */
export function isNewValue(event: X11Event): boolean {
  return event.state === PROPERTY_NEW_VALUE;
}

function answered<T>(ask: (reply: (error: Error | null, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => ask((error, value) => (error ? reject(error) : resolve(value))));
}
