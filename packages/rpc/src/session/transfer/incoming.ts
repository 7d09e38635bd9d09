import { TRANSFER_ID_MAX } from '../../frame/index.ts';
import { Cancellation, type CancelSignal, RpcError, rpcErrorOfSignal, type Timers } from '../../peer/index.ts';
import { ANSWER_TIMEOUT_MS, RECEIVE_STALL_TIMEOUT_MS } from '../limits.ts';
import { AGENT_TO_DAEMON, type AgentToDaemon, type Params, parseFields } from '../methods.ts';
import { IncomingTransfer } from './incoming-transfer.ts';
import type { PieceSource } from './source.ts';

/** What is asked for: the best type that the grab offered. */
export type ContentRequest = Pick<Params<AgentToDaemon, 'selection.request'>, 'selection' | 'type'>;

/** How content is asked for. */
export interface RequestOptions {
  /** Bytes that are taken at most; the owner is told, and content announced as larger is refused with `too-large`. */
  readonly maxBytes: number;
  /** Gives the request up at any time. */
  readonly signal?: CancelSignal;
  /** Milliseconds until the answer must have come; {@link ANSWER_TIMEOUT_MS} if not given. */
  readonly answerTimeoutMs?: number;
  /** Milliseconds without a byte while one is waited for; {@link RECEIVE_STALL_TIMEOUT_MS} if not given. */
  readonly stallTimeoutMs?: number;
}

/** Content that is coming. */
export interface IncomingContent {
  /** Bytes it has. */
  readonly size: number;
  /** The type it is in. */
  readonly type: string;
  /**
   * The bytes, in pieces as they come, at most as many ahead of the reader as the window holds. To be read once; leaving the loop early cancels the
   * transfer. Throws RpcError: what the sender aborted with, `timed-out`, `cancelled`, `connection-closed`. As a {@link PieceSource} it costs less
   * for large content, and least with `gatherInto`.
   */
  readonly content: IncomingPieces;
}

/** Content that is coming, to be read in one of three ways. */
export interface IncomingPieces extends AsyncIterable<Uint8Array>, PieceSource {
  /** Puts all of it into `bytes`, which are as many as were announced. @throws {RpcError} as the iterator */
  gatherInto(bytes: Uint8Array): Promise<void>;
}

/** What the asking side needs of the wire. */
export interface IncomingPort {
  call(
    params: object,
    options: { timeoutMs: number; signal: CancelSignal; onResult: (result: unknown) => void },
  ): Promise<unknown>;
  creditTransfer(transfer: number, bytes: number): void;
  cancelTransfer(transfer: number, reason: string): void;
}

/** The content that we asked the peer for. A transfer is known here before the question goes out, so that no frame can come too early. */
export class IncomingTransfers {
  readonly #port: IncomingPort;
  readonly #settings: { openTransfersMax: number; timers: Timers };
  readonly #open = new Map<number, IncomingTransfer>();
  #lastId = 0;

  constructor(port: IncomingPort, settings: { openTransfersMax: number; timers: Timers }) {
    this.#port = port;
    this.#settings = settings;
  }

  /** Transfers that are asked for or being received. */
  get size(): number {
    return this.#open.size;
  }

  /** Asks for content. @throws {RpcError} the owner's error, or one of ours */
  async request(question: ContentRequest, options: RequestOptions): Promise<IncomingContent> {
    if (options.signal?.aborted) throw rpcErrorOfSignal(options.signal);
    if (this.#open.size >= this.#settings.openTransfersMax) {
      throw new RpcError('limit-exceeded', `${this.#open.size} transfers are open already`);
    }
    const asking = new Cancellation();
    const transfer = this.#openTransfer(options, asking);
    const onResult = (result: unknown): void => {
      try {
        const { size, type } = parseFields(AGENT_TO_DAEMON['selection.request'].result, result, 'protocol-error');
        if (size > options.maxBytes)
          throw new RpcError('too-large', `the content has ${size} bytes, the limit is ${options.maxBytes}`);
        transfer.answered(size, type);
      } catch (error) {
        // At once: its frames may be in the same read.
        transfer.cancel(asRpcError(error));
        throw error;
      }
    };
    const params = {
      selection: question.selection,
      type: question.type,
      transfer: transfer.id,
      maxBytes: options.maxBytes,
    };
    try {
      await this.#port.call(params, {
        timeoutMs: options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS,
        signal: asking,
        onResult,
      });
    } catch (error) {
      const failure = asRpcError(error);
      if (failure.remote) transfer.fail(failure);
      else transfer.cancel(failure);
      throw failure;
    }
    return { size: transfer.size, type: transfer.type, content: transfer };
  }

  /** A data frame begins. @throws {RpcError} `protocol-error` if the peer may not send it */
  dataStart(id: number, bytes: number): void {
    const transfer = this.#open.get(id);
    if (transfer !== undefined) transfer.frame(bytes);
    // Ids count up, so one never used can be told from one that is over, for which frames may still be on their way.
    else if (id === 0 || id > this.#lastId)
      throw new RpcError('protocol-error', `data for transfer ${id}, which was never asked for`);
  }

  /** Some content of the frame last begun. */
  data(id: number, piece: Uint8Array): void {
    this.#open.get(id)?.data(piece);
  }

  /** The sender cannot go on. */
  abort(id: number, error: unknown): void {
    this.#open.get(id)?.fail(RpcError.fromWire(error));
  }

  /** Fails all transfers without telling the peer. */
  close(error: RpcError): void {
    for (const transfer of [...this.#open.values()]) transfer.fail(error);
  }

  #openTransfer(options: RequestOptions, asking: Cancellation): IncomingTransfer {
    const id = this.#nextId();
    const { signal } = options;
    const cancelled = () => signal && transfer.cancel(rpcErrorOfSignal(signal));
    const transfer: IncomingTransfer = new IncomingTransfer(
      id,
      options.stallTimeoutMs ?? RECEIVE_STALL_TIMEOUT_MS,
      this.#settings.timers,
      {
        credit: (bytes) => this.#port.creditTransfer(id, bytes),
        cancelled: (error) => this.#port.cancelTransfer(id, error.message),
        over: (error) => {
          this.#open.delete(id);
          signal?.removeEventListener('abort', cancelled);
          if (error !== undefined) asking.abort(error);
        },
      },
    );
    this.#open.set(id, transfer);
    signal?.addEventListener('abort', cancelled, { once: true });
    return transfer;
  }

  #nextId(): number {
    if (this.#lastId === TRANSFER_ID_MAX)
      throw new RpcError('limit-exceeded', 'this connection has used up its transfer ids');
    this.#lastId += 1;
    return this.#lastId;
  }
}

function asRpcError(error: unknown): RpcError {
  return error instanceof RpcError ? error : new RpcError('internal', 'the request could not be made');
}
