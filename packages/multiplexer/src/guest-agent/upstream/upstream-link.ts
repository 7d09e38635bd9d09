import { connect, type Socket } from 'node:net';
import { type JsonMessage, MessageReader, SENTINEL } from '@clipmux/guest-agent';
import { deliverDirectly } from '@clipmux/posix';
import { UPSTREAM_ANSWER_BYTES_MAX } from './limits.ts';

/** What happens on a link. */
export interface UpstreamLinkListener {
  /** The answer to what was asked; null where the command succeeded without one. */
  answered(answer: Buffer | null): void;
  /** Instead of an answer came what is none. */
  garbled(reason: string): void;
  /** All that was asked is answered, or dropped: the next may be asked. */
  idle(): void;
  /**
   * The link is over, and may not be used any more.
   * @param unsent nothing of what was asked has reached the other end
   */
  lost(reason: string, unsent: boolean): void;
}

/** The answer to guest-sync-delimited that is awaited. */
interface Fence {
  readonly id: string;
  /** Whether what comes before it is dropped; else it is the answer to what was asked. */
  readonly drops: boolean;
  /** 0xFF has come: what follows is an answer to a guest-sync-delimited. */
  sentinel: boolean;
}

const LINE_FEED = Buffer.from('\n');
/** Requests up to this size are copied together with their line break: one system call less. */
const JOINED_BYTES_MAX = 64 * 1024;

/** One connection to a qemu-ga. It answers in the order in which it is asked; one thing is asked at a time. */
export class UpstreamLink {
  readonly #socket: Socket;
  readonly #listener: UpstreamLinkListener;
  readonly #nextId: () => number;
  readonly #reader: MessageReader;
  #awaiting = false;
  /** What was asked last was written at once. */
  #inOnePiece = false;
  #fence: Fence | null = null;
  #over = false;

  /** @param nextId gives ids for guest-sync-delimited, none twice */
  constructor(path: string, listener: UpstreamLinkListener, nextId: () => number) {
    this.#listener = listener;
    this.#nextId = nextId;
    this.#reader = new MessageReader(
      { message: (message) => this.#message(message), junk: (reason, sentinel) => this.#junk(reason, sentinel) },
      { messageBytesMax: UPSTREAM_ANSWER_BYTES_MAX },
    );
    this.#socket = connect(path);
    deliverDirectly(this.#socket);
    this.#socket.on('data', (bytes: Buffer) => this.#reader.push(bytes));
    this.#socket.once('end', () => this.close('qemu-ga closed the connection'));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      // The other end was closed before we wrote: of a request in one piece it has seen nothing.
      this.close(error.message, error.code === 'EPIPE' && this.#inOnePiece);
    });
    this.#socket.once('close', () => this.close('the connection is over'));
  }

  /** Drops whatever comes until the other end has answered to this; then it is idle. Works on a new link, and where an answer is overdue. */
  sync(): void {
    this.#awaiting = false;
    const fence = this.#raise(true);
    this.#socket.write(Buffer.concat([Buffer.of(SENTINEL), fence]));
  }

  /**
   * Sends a request. @param silent whether there is no answer where it succeeds: then a guest-sync-delimited is sent behind it, whose answer
   * says that this is so
   */
  ask(request: Buffer, silent: boolean): void {
    this.#awaiting = true;
    this.#inOnePiece = silent || request.length <= JOINED_BYTES_MAX;
    if (silent) this.#socket.write(Buffer.concat([request, LINE_FEED, this.#raise(false)]));
    else if (this.#inOnePiece) this.#socket.write(Buffer.concat([request, LINE_FEED]));
    else {
      this.#socket.write(request);
      this.#socket.write(LINE_FEED);
    }
  }

  /** Ends it, if it is not over; `lost` is told why. */
  close(reason: string, unsent = false): void {
    if (this.#over) return;
    this.#over = true;
    this.#socket.destroy();
    this.#listener.lost(reason, unsent);
  }

  #raise(drops: boolean): Buffer {
    const id = String(this.#nextId());
    this.#fence = { id, drops, sentinel: false };
    return Buffer.from(`{"execute": "guest-sync-delimited", "arguments": {"id": ${id}}}\n`);
  }

  #message(message: JsonMessage): void {
    if (this.#over) return;
    const fence = this.#fence;
    if (fence?.sentinel) {
      fence.sentinel = false;
      if (returnsId(message, fence.id)) this.#passed();
      return;
    }
    if (fence?.drops || !this.#awaiting) return;
    this.#awaiting = false;
    this.#listener.answered(message.raw);
    if (fence === null) this.#listener.idle();
  }

  /** The fence's answer has come. */
  #passed(): void {
    this.#fence = null;
    const silent = this.#awaiting;
    this.#awaiting = false;
    if (silent) this.#listener.answered(null);
    this.#listener.idle();
  }

  #junk(reason: string, sentinel: boolean): void {
    if (this.#over) return;
    if (sentinel && this.#fence) this.#fence.sentinel = true;
    else if (this.#awaiting) this.#listener.garbled(reason);
  }
}

function returnsId(message: JsonMessage, id: string): boolean {
  try {
    return String((JSON.parse(message.raw.toString()) as { return?: unknown }).return) === id;
  } catch {
    return false;
  }
}
