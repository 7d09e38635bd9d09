import { RpcError } from '@clipmux/rpc';

/** Bytes that all connections may hold together. */
export class ContentBudget {
  readonly #max: number;
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get taken(): number {
    return this.#taken;
  }

  /** @throws {RpcError} `limit-exceeded` */
  take(bytes: number): void {
    if (this.#taken + bytes > this.#max) {
      throw new RpcError(
        'limit-exceeded',
        `clipmuxd holds ${this.#taken} bytes in handles and takes ${this.#max}: close handles, or try again later`,
      );
    }
    this.#taken += bytes;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }
}
