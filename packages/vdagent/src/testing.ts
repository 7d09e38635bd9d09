import type { ChunkPort } from './constants.ts';
import type { MessageHandler } from './message/handler.ts';
import type { MessageHeader } from './message/header.ts';

/** Bytes written as in a document: `"01 00 00 00 | ff"`. For tests. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/[0-9a-f]{2}/g) ?? [], (byte) => Number.parseInt(byte, 16));
}

/** Several byte arrays as one. For tests. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(pieces));
}

/** What a recorder saw, in order; consecutive pieces of a stream are put together. */
export type Recorded =
  | { event: 'message'; port: ChunkPort; header: MessageHeader; body: Uint8Array }
  | { event: 'streamed'; port: ChunkPort; header: MessageHeader; body: Uint8Array }
  | { event: 'aborted'; port: ChunkPort; header: MessageHeader; received: number }
  | { event: 'error'; code: string; consequence: string };

/** A handler that keeps what it gets, and fails a test at once if the order of calls is not the promised one. */
export class RecordingHandler implements MessageHandler {
  readonly events: Recorded[] = [];
  readonly #streams = new Map<ChunkPort, { header: MessageHeader; pieces: Uint8Array[] }>();

  get openStreams(): number {
    return this.#streams.size;
  }

  message(port: ChunkPort, header: MessageHeader, body: Uint8Array): void {
    if (this.#streams.has(port)) throw new Error('a message within a stream');
    this.events.push({ event: 'message', port, header, body });
  }

  streamStart(port: ChunkPort, header: MessageHeader): void {
    if (this.#streams.has(port)) throw new Error('a stream within a stream');
    this.#streams.set(port, { header, pieces: [] });
  }

  streamData(port: ChunkPort, piece: Uint8Array): void {
    if (piece.length === 0) throw new Error('an empty piece');
    this.#stream(port).pieces.push(Uint8Array.from(piece));
  }

  streamEnd(port: ChunkPort): void {
    const { header, pieces } = this.#stream(port);
    this.#streams.delete(port);
    this.events.push({ event: 'streamed', port, header, body: joined(pieces) });
  }

  streamAbort(port: ChunkPort): void {
    const { header, pieces } = this.#stream(port);
    this.#streams.delete(port);
    this.events.push({ event: 'aborted', port, header, received: joined(pieces).length });
  }

  error(error: { code: string; consequence: string }): void {
    this.events.push({ event: 'error', code: error.code, consequence: error.consequence });
  }

  #stream(port: ChunkPort): { header: MessageHeader; pieces: Uint8Array[] } {
    const stream = this.#streams.get(port);
    if (stream === undefined) throw new Error('no stream is open');
    return stream;
  }
}
