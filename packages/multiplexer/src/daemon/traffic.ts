/**
 * Bytes of the port after which the buffers that they came in are collected. V8 collects when small objects have piled up, and knows little of
 * the 64 KiB that stand behind each of these: 40 MiB would pile up meanwhile.
 */
const COLLECT_AFTER_BYTES = 8 * 1024 * 1024;

/** Counts what comes from the host, and has its buffers collected from time to time. Small messages never come to it. */
export class Traffic {
  readonly #collect: () => void;
  #bytes = 0;

  constructor(collect: () => void) {
    this.#collect = collect;
  }

  readonly passed = (piece: Uint8Array): void => {
    this.#bytes += piece.byteLength;
    if (this.#bytes < COLLECT_AFTER_BYTES) return;
    this.#bytes = 0;
    this.#collect();
  };
}
