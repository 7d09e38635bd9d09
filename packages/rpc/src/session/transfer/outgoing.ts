import { DATA_FRAME_CONTENT_BYTES_MAX } from '../../frame/index.ts';
import {
  type CallContext,
  Cancellation,
  type CancelSignal,
  RpcError,
  rpcErrorOfSignal,
  type TimerHandle,
  type Timers,
} from '../../peer/index.ts';
import { TRANSFER_WINDOW_BYTES } from '../limits.ts';
import type { AgentToDaemon, Params, Result } from '../methods.ts';
import { type PieceSource, sourceOf } from './source.ts';

/** What a peer asks for. */
export type ContentQuestion = Omit<Params<AgentToDaemon, 'selection.request'>, 'transfer'>;

/** What a handler of selection.request answers. */
export interface ContentAnswer {
  /** Bytes of the content, exactly. */
  readonly size: number;
  /** The type it is in. */
  readonly type: string;
  /** The bytes; their memory must not change any more. A `PieceQueue` is read without a detour. */
  readonly content: Uint8Array | AsyncIterable<Uint8Array>;
}

/**
 * Answers a selection.request.
 * The signal is aborted, with an RpcError as the reason, when the answer or the rest of the content is not needed any more: the asker cancelled, it took
 * nothing for too long, or the connection ended. Errors other than RpcError are answered as `internal`.
 */
export type ContentHandler = (
  question: ContentQuestion,
  context: { readonly signal: CancelSignal },
) => ContentAnswer | Promise<ContentAnswer>;

/** What the sending side needs of the wire. */
export interface OutgoingPort {
  /** Whether the socket has enough data frames for now; `progressed()` is to be called when it has written one. */
  readonly dataBlocked: boolean;
  sendData(transfer: number, pieces: readonly Uint8Array[]): void;
  /** Calls `send` at once; what is sent in it goes out together. */
  together(send: () => void): void;
  abortTransfer(transfer: number, error: RpcError): void;
  internalError(error: unknown, where: string): void;
}

interface OutgoingTransfer {
  readonly id: number;
  readonly cancellation: Cancellation;
  /** Ends the wait for the handler's answer. */
  stopAsking: ((error: RpcError) => void) | undefined;
  source: PieceSource | undefined;
  remaining: number;
  credit: number;
  stallTimer: TimerHandle | undefined;
}

/**
 * The content that the peer asked for: answers, then sends data frames under the peer's credit and the socket's, one frame of each transfer in turn.
 */
export class OutgoingTransfers {
  readonly #port: OutgoingPort;
  readonly #handler: ContentHandler;
  readonly #settings: { openTransfersMax: number; sendStallTimeoutMs: number; timers: Timers };
  readonly #open = new Map<number, OutgoingTransfer>();
  /** Transfers that may have a frame to send, in the order of their turns. */
  readonly #ready = new Set<OutgoingTransfer>();
  #pumping = false;
  #socketTimer: TimerHandle | undefined;

  constructor(
    port: OutgoingPort,
    handler: ContentHandler,
    settings: { openTransfersMax: number; sendStallTimeoutMs: number; timers: Timers },
  ) {
    this.#port = port;
    this.#handler = handler;
    this.#settings = settings;
  }

  /** Transfers that are being answered or sent. */
  get size(): number {
    return this.#open.size;
  }

  /** Answers a selection.request; the frames follow the answer. @throws {RpcError} the answer, if it is an error */
  answer(
    params: Params<AgentToDaemon, 'selection.request'>,
    context: CallContext,
  ): Promise<Result<AgentToDaemon, 'selection.request'>> {
    const { transfer: id, selection, type, maxBytes } = params;
    if (this.#open.has(id)) throw new RpcError('invalid-params', `transfer ${id} is open already: choose another id`);
    if (this.#open.size >= this.#settings.openTransfersMax) {
      throw new RpcError('limit-exceeded', `${this.#open.size} transfers are open already`);
    }
    const signal = new Cancellation();
    // One promise from here to the answer: each more is a turn of the queue between two programs that wait.
    return new Promise((resolve, reject) => {
      const transfer: OutgoingTransfer = {
        id,
        cancellation: signal,
        stopAsking: reject,
        source: undefined,
        remaining: 0,
        credit: TRANSFER_WINDOW_BYTES,
        stallTimer: undefined,
      };
      this.#open.set(id, transfer);
      const fail = (error: unknown): void => {
        transfer.stopAsking = undefined; // it has the handler's own error, not what the asker is told
        this.#drop(transfer, error instanceof RpcError ? error : new RpcError('internal', 'the handler failed'));
        reject(error);
      };
      const accept = (answer: ContentAnswer): void => {
        // The asker may have cancelled: then content that still comes is let go of.
        if (signal.aborted) return sourceOf(answer.content).cancel(rpcErrorOfSignal(signal));
        try {
          transfer.source = sourceOf(answer.content);
          transfer.remaining = checkedSize(answer, maxBytes);
          context.afterAnswer((error) => {
            if (error === undefined) this.#start(transfer);
            else this.#drop(transfer, new RpcError('internal', 'the answer could not be sent'));
          });
          resolve({ size: answer.size, type: answer.type });
        } catch (error) {
          fail(error);
        }
      };
      try {
        const answer = this.#handler({ selection, type, maxBytes }, { signal });
        if (answer instanceof Promise) answer.then(accept, fail);
        else accept(answer);
      } catch (error) {
        fail(error);
      }
    });
  }

  /** The peer takes so many more bytes. For a transfer that is over this means nothing. */
  credit(id: number, bytes: number): void {
    const transfer = this.#open.get(id);
    if (transfer === undefined) return;
    transfer.credit = Math.min(transfer.credit + bytes, Number.MAX_SAFE_INTEGER);
    if (transfer.stallTimer === undefined) return;
    this.#clearStall(transfer);
    this.#ready.add(transfer);
    this.pump();
  }

  /** The peer wants no more of a transfer. */
  cancel(id: number, reason: string): void {
    const transfer = this.#open.get(id);
    if (transfer !== undefined)
      this.#drop(transfer, new RpcError('cancelled', reason || 'the asker cancelled', { remote: true }));
  }

  /** The socket has taken something. */
  progressed(): void {
    this.#clearSocketTimer();
    this.pump();
  }

  /** Sends what can be sent now. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    this.#port.together(() => {
      while (!this.#port.dataBlocked) {
        const [transfer] = this.#ready;
        if (transfer === undefined) break;
        this.#ready.delete(transfer);
        this.#step(transfer);
      }
    });
    this.#pumping = false;
    if (this.#ready.size > 0 && this.#socketTimer === undefined) {
      this.#socketTimer = this.#settings.timers.set(() => this.#socketStalled(), this.#settings.sendStallTimeoutMs);
    }
  }

  /** Ends all transfers without telling the peer. */
  close(error: RpcError): void {
    for (const transfer of [...this.#open.values()]) this.#drop(transfer, error);
  }

  #start(transfer: OutgoingTransfer): void {
    if (this.#open.get(transfer.id) !== transfer) return;
    if (transfer.remaining === 0) {
      this.#open.delete(transfer.id);
      transfer.source?.cancel(new RpcError('cancelled', 'empty content'));
      return;
    }
    this.#ready.add(transfer);
    this.pump();
  }

  /** Sends one frame of a transfer, or sees to it that its turn comes when it can. */
  #step(transfer: OutgoingTransfer): void {
    const { source } = transfer;
    if (source === undefined) return;
    if (source.failure !== undefined) return this.#abort(transfer, this.#toldError(source.failure.error));
    const { available, ended } = source;
    if (available > transfer.remaining || (ended && available < transfer.remaining)) {
      const problem = available > transfer.remaining ? 'more' : 'fewer';
      this.#port.internalError(new Error(`the content has ${problem} bytes than were announced`), 'selection.request');
      return this.#abort(transfer, new RpcError('internal', `the content had ${problem} bytes than announced`));
    }
    const bytes = Math.min(available, transfer.credit, DATA_FRAME_CONTENT_BYTES_MAX);
    // The last frame waits for the end of the source: only then is it certain that the content is as long as announced.
    if (available === 0 || (bytes === transfer.remaining && !ended)) {
      source.more(() => {
        if (this.#open.get(transfer.id) !== transfer) return;
        this.#ready.add(transfer);
        this.pump();
      });
    } else if (bytes === 0) {
      const stalled = () => this.#abort(transfer, new RpcError('timed-out', 'no credit was given in time'));
      transfer.stallTimer = this.#settings.timers.set(stalled, this.#settings.sendStallTimeoutMs);
    } else {
      this.#port.sendData(transfer.id, source.take(bytes));
      transfer.remaining -= bytes;
      transfer.credit -= bytes;
      if (transfer.remaining === 0) this.#open.delete(transfer.id);
      else if (this.#open.get(transfer.id) === transfer) this.#ready.add(transfer);
    }
  }

  /** The socket took nothing for too long: what has more to send is lost. */
  #socketStalled(): void {
    this.#socketTimer = undefined;
    for (const transfer of [...this.#ready])
      this.#abort(transfer, new RpcError('timed-out', 'the connection took nothing in time'));
  }

  #abort(transfer: OutgoingTransfer, error: RpcError): void {
    this.#drop(transfer, error);
    this.#port.abortTransfer(transfer.id, error);
  }

  #drop(transfer: OutgoingTransfer, error: RpcError): void {
    if (this.#open.get(transfer.id) === transfer) this.#open.delete(transfer.id);
    this.#ready.delete(transfer);
    this.#clearStall(transfer);
    if (this.#ready.size === 0) this.#clearSocketTimer();
    transfer.stopAsking?.(error);
    transfer.cancellation.abort(error);
    transfer.source?.cancel(error);
  }

  #clearStall(transfer: OutgoingTransfer): void {
    if (transfer.stallTimer !== undefined) this.#settings.timers.clear(transfer.stallTimer);
    transfer.stallTimer = undefined;
  }

  #clearSocketTimer(): void {
    if (this.#socketTimer !== undefined) this.#settings.timers.clear(this.#socketTimer);
    this.#socketTimer = undefined;
  }

  #toldError(error: unknown): RpcError {
    if (error instanceof RpcError) return error;
    this.#port.internalError(error, 'selection.request');
    return new RpcError('internal', 'the content could not be read');
  }
}

function checkedSize(answer: ContentAnswer, maxBytes: number | undefined): number {
  const { size, content } = answer;
  if (!Number.isSafeInteger(size) || size < 0) throw new Error('the handler announced an impossible size');
  if (content instanceof Uint8Array && content.byteLength !== size)
    throw new Error('the handler announced another size than it has');
  if (maxBytes !== undefined && size > maxBytes)
    throw new RpcError('too-large', `the content has ${size} bytes, more than the ${maxBytes} asked for`);
  return size;
}
