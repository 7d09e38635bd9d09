import type { Duplex } from 'node:stream';

/** One way to reach the host: a place that can be opened again and again. */
export interface PortTransport {
  /** What the user calls it (`unix:PATH` or a device's path), for logs and errors. */
  readonly name: string;
  /** The longest sensible wait between two attempts to open it, in milliseconds. */
  readonly retryCeiling: number;
  /**
   * Opens the port, at most once at a time. It settles without waiting for the host: an absent one is an error.
   *
   * @returns a stream that is ours to destroy; it ends when the host goes
   * @throws PortError (`aborted` once `signal` is)
   */
  open(signal: AbortSignal): Promise<Duplex>;
  /** Gives back what is held between attempts. `open` works again afterwards. */
  release(): void;
}
