import type { PortCloseReason, PortErrorCode, PortStatus } from '../../../packages/multiplexer/src/port/index.ts';

/** What the port program does when told so, one JSON object a line. */
export type PortCommand =
  /** Hash the next so many bytes instead of repeating them. */
  | { readonly do: 'receive'; readonly size: number }
  | { readonly do: 'send'; readonly size: number }
  | { readonly do: 'confirm' | 'status' | 'exit' | 'close' };

/** What the port program says. */
export type PortEvent =
  | { readonly event: 'open' | 'expecting' }
  | { readonly event: 'close'; readonly kind: PortCloseReason['kind']; readonly code?: PortErrorCode }
  | { readonly event: 'data'; readonly text: string }
  | { readonly event: 'received'; readonly size: number; readonly sha256: string }
  | { readonly event: 'progress'; readonly sent: number }
  | {
      readonly event: 'sent';
      readonly size: number;
      readonly sha256: string;
      /** Most bytes that waited in the stream, and most resident bytes of the process, meanwhile. */
      readonly buffered: number;
      readonly resident: number;
    }
  | { readonly event: 'status'; readonly status: PortStatus };
