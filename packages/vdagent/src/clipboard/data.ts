import { readUint32, writeUint32 } from '../bytes.ts';
import { type ChunkPort, type ClipboardSelection, MessageType } from '../constants.ts';
import { VdAgentError, type VdAgentErrorContext } from '../errors.ts';
import { type MessageHeader, messageHeader } from '../message/header.ts';
import { chunked, MessageWriter, type WriterOptions } from '../message/writer.ts';
import type { ClipboardFormat } from './format.ts';
import { checkSelection, readSelection, selectionPrefixSize, writeSelection } from './selection.ts';

/** What stands before the content in a CLIPBOARD message (`VDAgentClipboard`). */
export interface ClipboardDataHead {
  readonly selection: ClipboardSelection;
  /** The `ClipboardType` number of the content. NONE, or no content at all, is the answer "there is nothing". */
  readonly clipboardType: number;
}

/** A CLIPBOARD message, whole. */
export interface ClipboardData extends ClipboardDataHead {
  readonly data: Uint8Array;
}

/** Bytes before the content in this format: 8 or 4. */
export function clipboardDataHeadSize(format: ClipboardFormat): number {
  return selectionPrefixSize(format) + 4;
}

/** Reads a CLIPBOARD body. Throws {@link VdAgentError}. `data` is a view of `body`. */
export function decodeData(body: Uint8Array, format: ClipboardFormat, context: VdAgentErrorContext): ClipboardData {
  const selection = readSelection(body, format, context);
  const size = clipboardDataHeadSize(format);
  if (body.length < size) throw truncated(body.length, context);
  return { selection, clipboardType: readUint32(body, size - 4), data: body.subarray(size) };
}

/** What goes before the content. */
export function encodeDataHead(head: ClipboardDataHead, format: ClipboardFormat): Uint8Array {
  const size = clipboardDataHeadSize(format);
  const bytes = new Uint8Array(size);
  writeSelection(bytes, head.selection, format);
  writeUint32(bytes, size - 4, head.clipboardType);
  return bytes;
}

/**
 * Takes selection and type off the beginning of a streamed CLIPBOARD message, wherever its pieces are cut:
 * one per message, made at `streamStart`, given each piece of `streamData`.
 */
export class ClipboardDataPrefix {
  readonly #format: ClipboardFormat;
  readonly #context: VdAgentErrorContext;
  readonly #bytes: Uint8Array;
  #length = 0;
  #head: ClipboardDataHead | undefined;
  #error: VdAgentError | undefined;

  /** How many bytes of content the message holds; 0 if it is too short for its prefix. */
  readonly dataSize: number;

  constructor(header: MessageHeader, format: ClipboardFormat, context: VdAgentErrorContext = { header }) {
    this.#format = format;
    this.#context = context;
    this.#bytes = new Uint8Array(clipboardDataHeadSize(format));
    this.dataSize = Math.max(0, header.size - this.#bytes.length);
    if (header.size < this.#bytes.length) this.#error = truncated(header.size, context);
  }

  /** Selection and type, as soon as they have come. */
  get head(): ClipboardDataHead | undefined {
    return this.#head;
  }

  /** What is wrong with the prefix. Then no content is returned and the message is to be passed over. */
  get error(): VdAgentError | undefined {
    return this.#error;
  }

  /** Takes the next piece of the body and returns the content in it, a view; empty while the prefix is incomplete. */
  push(piece: Uint8Array): Uint8Array {
    if (this.#head !== undefined) return piece;
    if (this.#error !== undefined) return NOTHING;
    const length = Math.min(piece.length, this.#bytes.length - this.#length);
    this.#bytes.set(piece.subarray(0, length), this.#length);
    this.#length += length;
    if (this.#length < this.#bytes.length) return NOTHING;
    try {
      const selection = this.#format.selection ? checkSelection(this.#bytes[0] as number, this.#context) : 0;
      this.#head = { selection, clipboardType: readUint32(this.#bytes, this.#bytes.length - 4) };
    } catch (error) {
      if (!(error instanceof VdAgentError)) throw error;
      this.#error = error;
      return NOTHING;
    }
    return piece.subarray(length);
  }
}

const NOTHING = new Uint8Array(0);

/** Sends a CLIPBOARD message whose content comes piece by piece: a {@link MessageWriter} that counts content only. */
export class ClipboardDataWriter {
  readonly #writer: MessageWriter;
  #head: Uint8Array | undefined;

  /** `size`: bytes of content that will be written. */
  constructor(
    chunkPort: ChunkPort,
    head: ClipboardDataHead,
    size: number,
    format: ClipboardFormat,
    options: WriterOptions = {},
  ) {
    this.#head = encodeDataHead(head, format);
    const header = messageHeader(MessageType.CLIPBOARD, this.#head.length + size);
    this.#writer = new MessageWriter(chunkPort, header, options);
  }

  /** Bytes of content that are still due. */
  get remaining(): number {
    return this.#writer.remaining - (this.#head?.length ?? 0);
  }

  /** Frames the next bytes of content. Throws `VdAgentUsageError` `writer-overrun` if they are more than are due. */
  write(...pieces: readonly Uint8Array[]): Uint8Array[] {
    const head = this.#head;
    if (head === undefined) return this.#writer.write(...pieces);
    const framed = this.#writer.write(head, ...pieces);
    this.#head = undefined;
    return framed;
  }

  /** Ends the message; returns its beginning if no content was ever written. Throws `VdAgentUsageError` `writer-incomplete`. */
  end(): Uint8Array[] {
    const beginning = this.#head === undefined ? [] : this.write();
    return [...beginning, ...this.#writer.end()];
  }
}

/** A CLIPBOARD message whose content is there, as it goes on the wire. The content may be in pieces; it is copied. */
export function frameClipboardData(
  chunkPort: ChunkPort,
  head: ClipboardDataHead,
  content: readonly Uint8Array[],
  format: ClipboardFormat,
  options: WriterOptions = {},
): Uint8Array[] {
  const body = [encodeDataHead(head, format), ...content];
  let size = 0;
  for (const piece of body) size += piece.length;
  return chunked(chunkPort, messageHeader(MessageType.CLIPBOARD, size), body, options);
}

function truncated(size: number, context: VdAgentErrorContext): VdAgentError {
  return new VdAgentError('clipboard-truncated', `a clipboard message of ${size} bytes names no type`, context);
}
