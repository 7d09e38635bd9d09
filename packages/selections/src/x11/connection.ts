import type { XError } from 'x11';
import { DisplayError } from '../errors.ts';
import { CLOSE_GRACE_MS, MAX_PROPERTY_WRITE_BYTES } from '../limits.ts';
import { NODE_TIMERS, type TimerHandle, type Timers } from '../timers.ts';
import { CHANGE_PROPERTY_OVERHEAD, packChangeProperty, packSelectionNotify } from './change-property.ts';
import { type ConnectionEvent, readEvent } from './events.ts';
import { type OpenDisplay, openDisplay, resetAtoms } from './open-display.ts';
import {
  AnyPropertyType,
  BadWindow,
  NoEventMask,
  PropModeReplace,
  XFixesSelectionClientCloseNotifyMask,
  XFixesSelectionWindowDestroyNotifyMask,
  XFixesSetSelectionOwnerNotifyMask,
} from './protocol.ts';

/** What GetProperty brings. */
export interface PropertyValue {
  /** The type's atom; 0 where there is no such property. */
  readonly type: number;
  readonly format: number;
  readonly data: Buffer;
  /** Bytes of the property that follow what was read. */
  readonly bytesAfter: number;
}

/** Called when the server answers: with the value, or undefined where it answered with an error (the window is gone, …). */
export type Reply<T> = (value: T | undefined) => void;

export interface ConnectionOptions {
  readonly display?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly connectMs: number;
  readonly replyMs: number;
  /** Default: Node's. */
  readonly timers?: Timers | undefined;
}

/**
 * One connection to an X server: the few requests that selections need, typed, over the `x11` library.
 *
 * Replies and events are handed on in the order in which the server sent them, synchronously: state that depends on
 * their order must change inside the callbacks, because a promise would let a later event overtake a reply.
 * After the connection has ended requests do nothing and their replies never come; `onClosed` says so.
 */
export class Connection {
  readonly root: number;
  /** What time-outs of all that is under way on this connection run on. */
  readonly timers: Timers;
  /** Bytes that one ChangeProperty carries at most. */
  readonly maxPropertyBytes: number;
  /** Called with each event. */
  onEvent: (event: ConnectionEvent) => void = () => {};
  /** Called once when the connection ends, other than by {@link close}. */
  onClosed: (error: DisplayError) => void = () => {};

  readonly #open: OpenDisplay;
  readonly #replyMs: number;
  readonly #waitingToWrite: (() => void)[] = [];
  readonly #waitingForReplies = new Set<TimerHandle>();
  #writable = true;
  #ended = false;

  private constructor(open: OpenDisplay, replyMs: number, timers: Timers) {
    this.#open = open;
    this.timers = timers;
    this.#replyMs = replyMs;
    this.root = open.display.screen[open.name.screen]?.root ?? open.display.screen[0]?.root ?? 0;
    this.maxPropertyBytes = Math.min(MAX_PROPERTY_WRITE_BYTES, open.maxRequestBytes - CHANGE_PROPERTY_OVERHEAD) & ~3;
    const { client, stream } = open;
    client.removeAllListeners('error');
    client.on('error', (error: XError) => this.#onError(error));
    client.on('event', (event) => {
      const known = readEvent(event, open.xfixes.firstEvent);
      if (known !== undefined && !this.#ended) this.onEvent(known);
    });
    client.on('drain', () => this.#onDrain());
    stream.once('end', () => this.#lose('the server closed it'));
    stream.once('close', () => this.#lose('it closed'));
    if (stream.destroyed) queueMicrotask(() => this.#lose('it closed'));
  }

  /** @throws DisplayError */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const { display, env, connectMs, replyMs, timers = NODE_TIMERS } = options;
    return new Connection(await openDisplay(display, env, connectMs), replyMs, timers);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The number of the last request that was sent, to compare with a PropertyNotify's `sequence`. */
  get sequence(): number {
    return this.#open.client.seq_num;
  }

  /** The client that made a window or another resource: the part of the id that the server hands out. */
  clientOf(resource: number): number {
    return (resource & ~this.#open.display.resource_mask) >>> 0;
  }

  #onError(error: XError): void {
    if (error.error === undefined) return this.#lose(error.message);
    // A request of ours met a window that was just destroyed: that ends only what was under way for that window.
    if (error.error === BadWindow && error.badParam !== undefined && !this.#ended) {
      this.onEvent({ kind: 'window-gone', window: error.badParam });
    }
  }

  #lose(reason: string): void {
    if (this.#ended) return;
    this.#finish();
    const name = JSON.stringify(this.#open.name.text);
    this.onClosed(new DisplayError('display-lost', `the connection to the X display ${name} is lost: ${reason}`));
  }

  #finish(): void {
    this.#ended = true;
    for (const timer of this.#waitingForReplies) this.timers.clear(timer);
    this.#waitingForReplies.clear();
    this.#waitingToWrite.length = 0;
    this.#open.client.on('error', () => {});
    this.#open.stream.destroy();
  }

  #onDrain(): void {
    this.#writable = true;
    while (this.#writable && !this.#ended) {
      const write = this.#waitingToWrite.shift();
      if (write === undefined) return;
      write();
    }
  }

  /** Wraps a reply's callback: one time-out each, errors as undefined, nothing after the end. */
  #reply<T>(callback: Reply<T>): (error: XError | null | undefined, value: T) => boolean {
    const timer = this.timers.set(
      () => this.#lose(`the server left a request unanswered for ${this.#replyMs} ms`),
      this.#replyMs,
    );
    this.#waitingForReplies.add(timer);
    return (error, value) => {
      this.timers.clear(timer);
      this.#waitingForReplies.delete(timer);
      if (this.#ended) return true;
      // The library keeps the sequence numbers of failed atom requests for ever.
      if (error?.seq !== undefined) delete this.#open.client.pending_atoms[error.seq];
      callback(error ? undefined : value);
      return true;
    };
  }

  /** Sends what has gathered, after a request with which a step is complete: somebody waits for what comes of it. */
  #flush(): void {
    this.#open.client.pack_stream.flush();
  }

  #noteBackPressure(written: boolean): void {
    if (!written) this.#writable = false;
  }

  /**
   * Calls back when the socket takes more, at once if it does now. Whoever writes much waits for this before each
   * piece, so that not more than one piece lies in memory unsent.
   */
  whenWritable(write: () => void): void {
    if (this.#ended) return;
    if (this.#writable) write();
    else this.#waitingToWrite.push(write);
  }

  /** An unmapped window of one pixel, to own selections and to receive properties. */
  createWindow(eventMask: number): number {
    const { client } = this.#open;
    const window = client.AllocID();
    const InputOnly = 2;
    if (!this.#ended) client.CreateWindow(window, this.root, -1, -1, 1, 1, 0, 0, InputOnly, 0, { eventMask });
    return window;
  }

  destroyWindow(window: number): void {
    if (!this.#ended) this.#open.client.DestroyWindow(window);
  }

  /** Chooses which events of a window come to us; of another client's window too. */
  selectEvents(window: number, eventMask: number): void {
    if (!this.#ended) this.#open.client.ChangeWindowAttributes(window, { eventMask });
  }

  /** Asks for all changes of a selection's owner. */
  watchSelection(window: number, selection: number): void {
    const mask =
      XFixesSetSelectionOwnerNotifyMask | XFixesSelectionWindowDestroyNotifyMask | XFixesSelectionClientCloseNotifyMask;
    if (!this.#ended) this.#open.xfixes.SelectSelectionInput(window, selection, mask);
  }

  setSelectionOwner(owner: number, selection: number, time: number): void {
    if (!this.#ended) this.#open.client.SetSelectionOwner(owner, selection, time);
  }

  getSelectionOwner(selection: number, reply: Reply<number>): void {
    if (this.#ended) return;
    this.#open.client.GetSelectionOwner(selection, this.#reply(reply));
    this.#flush();
  }

  convertSelection(requestor: number, selection: number, target: number, property: number, time: number): void {
    if (this.#ended) return;
    this.#open.client.ConvertSelection(requestor, selection, target, property, time);
    this.#flush();
  }

  /**
   * Reads a part of a property, of any type.
   *
   * @param offset bytes to skip, a multiple of four
   * @param length bytes to read at most, a multiple of four
   * @param options.delete whether the property is deleted if this reads it to its end
   */
  getProperty(
    window: number,
    property: number,
    offset: number,
    length: number,
    options: { readonly delete: boolean },
    reply: Reply<PropertyValue>,
  ): void {
    if (this.#ended) return;
    const flag = options.delete ? 1 : 0;
    this.#open.client.GetProperty(flag, window, property, AnyPropertyType, offset / 4, length / 4, this.#reply(reply));
  }

  /** Sets a property. `data` may be up to {@link maxPropertyBytes} long and is not copied. */
  changeProperty(
    window: number,
    property: number,
    type: number,
    format: 8 | 32,
    data: Uint8Array,
    mode: number = PropModeReplace,
  ): void {
    if (this.#ended) return;
    const { client, stream } = this.#open;
    client.seq_num++;
    // Corked, because a large piece bypasses the library's buffer: else it, its header and its padding were a write each.
    stream.cork();
    for (const piece of packChangeProperty(mode, window, property, type, format, data)) client.pack_stream.put(piece);
    this.#noteBackPressure(client.pack_stream.submit(false));
    stream.uncork();
  }

  deleteProperty(window: number, property: number): void {
    if (!this.#ended) this.#open.client.DeleteProperty(window, property);
  }

  /** Answers a requestor: property 0 refuses. */
  sendSelectionNotify(requestor: number, selection: number, target: number, property: number, time: number): void {
    if (this.#ended) return;
    const event = packSelectionNotify(time, requestor, selection, target, property);
    this.#open.client.SendEvent(requestor, 0, NoEventMask, event);
    this.#flush();
  }

  internAtom(name: string, reply: Reply<number>): void {
    if (!this.#ended) this.#open.client.InternAtom(false, name, this.#reply(reply));
  }

  getAtomName(atom: number, reply: Reply<string>): void {
    if (!this.#ended) this.#open.client.GetAtomName(atom, this.#reply(reply));
  }

  /** Drops the names that the library has remembered. */
  forgetAtoms(): void {
    resetAtoms(this.#open.client);
  }

  /** Calls back once the server has processed all requests before. */
  sync(reply: () => void): void {
    if (!this.#ended) this.#open.client.GetInputFocus(this.#reply(() => reply()));
  }

  /** Ends the connection. What was requested before is still processed, if the server does so soon. */
  close(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(late);
        this.#finish();
        resolve();
      };
      const late = setTimeout(finish, CLOSE_GRACE_MS);
      this.onClosed = finish;
      this.sync(finish);
    });
  }
}
