import type { MessageHeader } from './message/header.ts';

/**
 * What follows from an error of the peer's.
 *
 * - `skip-message`: the bounds of the message are known; it is passed over and the next one is read.
 * - `reset-link`: where the next message begins is no longer certain. To guess would let clipboard content be read as
 *   messages, so nothing more is read until both sides start anew.
 */
export type Consequence = 'skip-message' | 'reset-link';

/** Every error that a peer's bytes can cause, with its consequence. `docs/protocol-vdagent.md` explains each. */
export const CONSEQUENCES = {
  'unknown-chunk-port': 'reset-link',
  'empty-chunk': 'reset-link',
  'chunk-too-large': 'reset-link',
  'message-header-split': 'reset-link',
  'message-overrun': 'reset-link',
  'unsupported-protocol': 'reset-link',
  'message-too-large': 'skip-message',
  'streamed-message-too-large': 'skip-message',
  'capabilities-truncated': 'skip-message',
  'capabilities-odd-length': 'skip-message',
  'selection-truncated': 'skip-message',
  'unknown-selection': 'skip-message',
  'grab-truncated': 'skip-message',
  'grab-odd-length': 'skip-message',
  'request-truncated': 'skip-message',
  'request-odd-length': 'skip-message',
  'clipboard-truncated': 'skip-message',
  'release-odd-length': 'skip-message',
  'max-clipboard-bad-length': 'skip-message',
} as const satisfies Readonly<Record<string, Consequence>>;

/** The code of a {@link VdAgentError}. */
export type VdAgentErrorCode = keyof typeof CONSEQUENCES;

/** Where an error was found; for logs. Holds no content. */
export interface VdAgentErrorContext {
  /** The port number in the chunk's header, as it came. */
  readonly chunkPort?: number;
  /** The header of the message concerned, where it was read. */
  readonly header?: MessageHeader;
}

/** The peer sent something that the protocol does not allow. */
export class VdAgentError extends Error {
  override readonly name = 'VdAgentError';
  /** Which rule was broken. */
  readonly code: VdAgentErrorCode;
  /** What follows from it; fixed for each code. */
  readonly consequence: Consequence;
  /** The chunk port it came on, where known. */
  readonly chunkPort: number | undefined;
  /** The header of the message concerned, where known. */
  readonly header: MessageHeader | undefined;

  constructor(code: VdAgentErrorCode, message: string, context: VdAgentErrorContext = {}) {
    super(message);
    this.code = code;
    this.consequence = CONSEQUENCES[code];
    this.chunkPort = context.chunkPort;
    this.header = context.header;
  }
}

/** The code of a {@link VdAgentUsageError}. */
export type VdAgentUsageErrorCode =
  | 'value-out-of-range'
  | 'too-many-grab-types'
  | 'serial-missing'
  | 'selection-not-negotiated'
  | 'writer-overrun'
  | 'writer-incomplete';

/** The caller of this package asked for something that can't be sent. Nothing wrong has gone out. */
export class VdAgentUsageError extends Error {
  override readonly name = 'VdAgentUsageError';
  /** Which rule was broken. */
  readonly code: VdAgentUsageErrorCode;

  constructor(code: VdAgentUsageErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
