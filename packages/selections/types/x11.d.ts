/** The part of the untyped `x11` library that clipmux calls. Only src/x11/ may import it. */
declare module 'x11' {
  import type { EventEmitter } from 'node:events';
  import type { Socket } from 'node:net';

  /** What an X error or a failed call brings. */
  interface XError extends Error {
    /** The core error code: 3 is BadWindow, 5 BadAtom. */
    error?: number;
    /** The id or atom that the request was wrong about. */
    badParam?: number;
    seq?: number;
  }
  /** A reply or an error. Returns true where it has dealt with the error. */
  type Callback<T> = (error: XError | null | undefined, result: T) => boolean | undefined;

  interface Extension {
    firstEvent: number;
  }
  interface BigRequests extends Extension {
    Enable(callback: Callback<number>): void;
  }
  interface XFixes extends Extension {
    SelectSelectionInput(window: number, selection: number, eventMask: number): void;
  }
  interface Property {
    type: number;
    format: number;
    bytesAfter: number;
    data: Buffer;
  }
  /** Any event; which fields it has depends on its type. */
  interface XEvent {
    type: number;
    seq: number;
    rawData: Buffer;
    [field: string]: unknown;
  }
  interface PackStream {
    put(packet: Buffer): unknown;
    submit(expectsReply?: boolean): boolean;
    flush(): boolean;
    get(length: number, callback: (bytes: Buffer) => void): void;
    write(chunk: Uint8Array): void;
    _readQueue: { length: number; callback: (bytes: Buffer) => void }[];
  }
  interface XClient extends EventEmitter {
    seq_num: number;
    atoms: Record<string, number>;
    atom_names: Record<number, string>;
    pending_atoms: Record<number, unknown>;
    pack_stream: PackStream;
    _sweepVoid(upTo: number): void;
    display: Display;
    AllocID(): number;
    require(name: 'big-requests', callback: (error: Error | null | undefined, extension: BigRequests) => void): void;
    require(name: 'fixes', callback: (error: Error | null | undefined, extension: XFixes) => void): void;
    CreateWindow(
      id: number,
      parent: number,
      x: number,
      y: number,
      width: number,
      height: number,
      borderWidth: number,
      depth: number,
      windowClass: number,
      visual: number,
      values: { eventMask?: number },
    ): boolean;
    ChangeWindowAttributes(window: number, values: { eventMask: number }): boolean;
    DestroyWindow(window: number): boolean;
    InternAtom(onlyIfExists: boolean, name: string, callback: Callback<number>): boolean;
    GetAtomName(atom: number, callback: Callback<string>): boolean;
    GetInputFocus(callback: Callback<unknown>): boolean;
    GetProperty(
      deleteIt: number,
      window: number,
      property: number,
      type: number,
      longOffset: number,
      longLength: number,
      callback: Callback<Property>,
    ): boolean;
    DeleteProperty(window: number, property: number): boolean;
    SetSelectionOwner(owner: number, selection: number, time: number): boolean;
    GetSelectionOwner(selection: number, callback: Callback<number>): boolean;
    ConvertSelection(requestor: number, selection: number, target: number, property: number, time: number): boolean;
    SendEvent(destination: number, propagate: number, eventMask: number, event: Buffer): boolean;
    terminate(): void;
  }
  interface Display {
    client: XClient;
    screen: { root: number }[];
    resource_mask: number;
    /** In units of four bytes. */
    max_request_length: number;
  }
  interface ClientOptions {
    display: string;
    stream: Socket;
    auth: { name: string; data: string };
    shm: false;
    disableBigRequests: boolean;
    /** Gathers requests until the event loop polls, or sooner. */
    bufferRequests: { maxDelay: number; flushOnReply: boolean };
  }
  const x11: {
    createClient(options: ClientOptions, callback: (error: Error | undefined, display: Display) => void): XClient;
  };
  export default x11;
  export type { BigRequests, Display, Extension, PackStream, Property, XClient, XError, XEvent, XFixes };
}
