import type { CancelSignal } from '@clipmux/rpc';
import type { Selection } from '../arbiter/index.ts';
import type { OutgoingContent } from '../host-link/index.ts';

/** A paste that did not end as the person meant it, and why. */
export interface PasteCutShort {
  readonly direction: 'host-to-guest' | 'guest-to-host';
  readonly reason: 'timed-out' | 'too-large';
  readonly selection: Selection;
}

/** What the multiplexer asks of a session. */
export interface SessionPeer {
  /** Lets the session's agent own the selection for somebody else. */
  grab(selection: Selection, serial: number, types: readonly string[]): void;
  release(selection: Selection, serial: number): void;
  /** Asks for what a program in the session owns. Rejects where it cannot be had; abort the signal to take the request back. */
  request(selection: Selection, type: string, signal: CancelSignal): Promise<OutgoingContent>;
  /** Tells the person in that session. */
  pasteCutShort(paste: PasteCutShort): void;
}

/** What an agent tells of a program that took a selection. */
export interface SessionOffer {
  readonly types: readonly string[];
  /** Its program marks the content as a password. */
  readonly secret: boolean;
  /** Serial of the last grab of ours that the agent had applied. */
  readonly seen: number;
}

/** What a session gets for its request: the content, on its way. */
export interface HostContent {
  readonly type: string;
  readonly size: number;
  readonly content: Uint8Array | AsyncIterable<Uint8Array>;
}

/** What the multiplexer asks of the port. */
export interface PortControl {
  /** The handshake is done. */
  confirm(): void;
  /** Closes the port and opens it again. */
  reset(reason: string): void;
}

/** Tells whoever makes a content that nobody is going to read it. */
export function leave(pieces: AsyncIterable<Uint8Array>): void {
  // Nobody is left to be told that its clean-up failed.
  Promise.resolve(pieces[Symbol.asyncIterator]().return?.()).catch(() => undefined);
}

/** Bytes that are all there, as a content that is on its way. */
export async function* wholeContent(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}
