import type { ChunkPort } from '../constants.ts';
import type { VdAgentError } from '../errors.ts';
import type { MessageHeader } from './header.ts';

/**
 * Takes what a {@link MessageReader} makes of the bytes. Called synchronously, in the order of the wire.
 * A handler may call the reader's `reset`, not its `push`. It must not throw: the rest of that input would be lost.
 */
export interface MessageHandler {
  /** A whole message. `body` belongs to the handler. */
  message(chunkPort: ChunkPort, header: MessageHeader, body: Uint8Array): void;
  /**
   * A message that the option `streams` selected begins; exactly one `streamEnd` or `streamAbort` for this port follows.
   * Messages of the other port may come in between.
   */
  streamStart(chunkPort: ChunkPort, header: MessageHeader): void;
  /** The next bytes of its body, never none. A view of the reader's input, valid during the call only. */
  streamData(chunkPort: ChunkPort, piece: Uint8Array): void;
  /** All `header.size` bytes have come. */
  streamEnd(chunkPort: ChunkPort): void;
  /** The rest will not come: the link was reset, or the client left in the middle of its message. */
  streamAbort(chunkPort: ChunkPort): void;
  /** The peer broke a rule. After one whose consequence is `reset-link` nothing is read until `reset`. */
  error(error: VdAgentError): void;
}
