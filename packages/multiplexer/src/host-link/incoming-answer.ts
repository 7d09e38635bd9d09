import type { PieceQueue, RpcError } from '@clipmux/rpc';
import {
  ClipboardDataPrefix,
  type ClipboardFormat,
  ClipboardType,
  type MessageHeader,
  type VdAgentError,
} from '@clipmux/vdagent';
import type { RequestId, Selection } from '../arbiter/index.ts';
import { mimeOf, selectionOf, TEXT_MIME } from './content-types.ts';

/** What the host answers, while it arrives. */
export interface IncomingContent {
  readonly request: RequestId;
  /** MIME type. */
  readonly type: string;
  /** Bytes of content in all. */
  readonly size: number;
  readonly pieces: PieceQueue;
}

/** Where the content of an answer goes. A PieceQueue is one. */
export interface AnswerSink {
  /** Takes the next bytes; whether more is welcome now. */
  write(piece: Uint8Array): boolean;
  /** Resolves when more is welcome. */
  drained(): Promise<void>;
  end(): void;
  fail(error: RpcError): void;
}

/** What one answer of the host turns out to be, as soon as its head has been read. */
export type AnswerHead =
  | {
      readonly kind: 'content';
      readonly selection: Selection;
      readonly clipboardType: number;
      readonly type: string;
      readonly size: number;
    }
  | { readonly kind: 'nothing'; readonly selection: Selection; readonly clipboardType: number | null }
  | { readonly kind: 'ignored' };

/** One CLIPBOARD message of the host on its way from the port to whoever takes its content. */
export class IncomingAnswer {
  readonly #prefix: ClipboardDataPrefix;
  readonly #begin: (head: AnswerHead) => AnswerSink | null;
  #begun = false;
  #sink: AnswerSink | null = null;

  /** `begin` is called once the head is known; it says where the content goes, or null to pass over it. */
  constructor(header: MessageHeader, format: ClipboardFormat, begin: (head: AnswerHead) => AnswerSink | null) {
    this.#prefix = new ClipboardDataPrefix(header, format);
    this.#begin = begin;
  }

  /** What is wrong with the message, if its head could not be read. */
  get error(): VdAgentError | undefined {
    return this.#prefix.error;
  }

  /** Takes the next bytes of the message; returns the sink that is full by now, if it is. */
  data(piece: Uint8Array): AnswerSink | null {
    const content = this.#prefix.push(piece);
    this.#beginOnce();
    if (content.length === 0 || !this.#sink || this.#sink.write(content)) return null;
    return this.#sink;
  }

  end(): void {
    this.#sink?.end();
  }

  /** The rest will not come, or comes too late: it is passed over. */
  fail(error: RpcError): void {
    this.#sink?.fail(error);
    this.#sink = null;
  }

  #beginOnce(): void {
    const { head } = this.#prefix;
    if (this.#begun || !head) return;
    this.#begun = true;
    const selection = selectionOf(head.selection);
    const size = this.#prefix.dataSize;
    const type = mimeOf(head.clipboardType);
    if (!selection) this.#begin({ kind: 'ignored' });
    else if (head.clipboardType === ClipboardType.NONE)
      this.#begin({ kind: 'nothing', selection, clipboardType: null });
    // Empty text is a content like any other. QEMU answers like that for what it does not have, too: pasting nothing fits both.
    else if (size === 0 && type !== TEXT_MIME)
      this.#begin({ kind: 'nothing', selection, clipboardType: head.clipboardType });
    else if (!type) this.#begin({ kind: 'ignored' });
    else this.#sink = this.#begin({ kind: 'content', selection, clipboardType: head.clipboardType, type, size });
  }
}
