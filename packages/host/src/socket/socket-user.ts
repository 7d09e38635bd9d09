import type { Duplex } from 'node:stream';

/** Who uses a guest's port, one connection at a time: an endpoint of the clipboard, or a server of calls. */
export interface SocketUser {
  /** Whether it has a connection. */
  readonly connected: boolean;
  attach(stream: Duplex): void;
  /** Ends the connection, if there is one. */
  close(): Promise<void>;
  on(event: 'disconnected', listener: () => void): unknown;
  off(event: 'disconnected', listener: () => void): unknown;
}
