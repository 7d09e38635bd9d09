import type { RpcError } from '@clipmux/rpc';
import type { AnswerSink } from './incoming-answer.ts';

/** Gathers the content of an answer that must be seen whole before it is handed on. Its size is bounded by whoever makes it. */
export class GatheredAnswer implements AnswerSink {
  readonly #bytes: Buffer;
  readonly #outcome: { complete(bytes: Uint8Array): void; failed(error: RpcError): void };
  #length = 0;

  constructor(size: number, outcome: { complete(bytes: Uint8Array): void; failed(error: RpcError): void }) {
    this.#bytes = Buffer.allocUnsafeSlow(size);
    this.#outcome = outcome;
  }

  write(piece: Uint8Array): boolean {
    this.#bytes.set(piece, this.#length);
    this.#length += piece.length;
    return true;
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  end(): void {
    this.#outcome.complete(this.#bytes);
  }

  fail(error: RpcError): void {
    this.#outcome.failed(error);
  }
}
