import type { Logger } from '@clipmux/posix';
import { type PieceSource, RpcError, sourceOf } from '@clipmux/rpc';
import {
  type ClipboardDataHead,
  ClipboardDataWriter,
  type ClipboardFormat,
  ClipboardType,
  frameClipboardData,
  VDP_CLIENT_PORT,
} from '@clipmux/vdagent';
import type { RequestId } from '../arbiter/index.ts';
import type { HostKind } from './host-kind.ts';
import { GATHER_BYTES, PORT_WRITE_BYTES } from './limits.ts';
import { gather, type OutgoingContent, waitForMore } from './outgoing-content.ts';
import type { PortWriter } from './port-writer.ts';

/** A request of the host's that waits for its answer, and how that is to be written. */
interface Question {
  readonly head: ClipboardDataHead;
  readonly format: ClipboardFormat;
  readonly kind: HostKind;
  readonly writer: PortWriter;
}

/** Room for the headers of the chunks in one write, with some to spare. */
const FRAMING_BYTES = PORT_WRITE_BYTES / 128;

/** What the host has asked of the guest. Every question gets one answer, on the port that it came from. */
export class GuestAnswers {
  readonly #logger: Logger;
  readonly #questions = new Map<RequestId, Question>();
  /** Answers whose content is being gathered or sent. */
  #underWay = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Questions that are open, those included whose answer is under way. */
  get open(): number {
    return this.#questions.size + this.#underWay;
  }

  add(request: RequestId, question: Question): void {
    this.#questions.set(request, question);
  }

  /** The port has closed or the client has gone: nobody waits. */
  clear(): void {
    this.#questions.clear();
  }

  /** Answers with nothing. */
  answerEmpty(request: RequestId): void {
    const question = this.#take(request);
    if (question) sendEmpty(question);
  }

  /**
   * Answers with content. Empty text is text; an empty image is nothing. One that fails before any of it has gone out becomes an empty answer; one that fails later cannot be
   * ended, because its size has been told: then the writer fails, and with it the link.
   */
  async answer(request: RequestId, content: OutgoingContent): Promise<void> {
    const question = this.#take(request);
    if (!question) {
      await content.pieces[Symbol.asyncIterator]().return?.();
      return;
    }
    this.#underWay += 1;
    try {
      await this.#send(request, question, content);
    } finally {
      this.#underWay -= 1;
    }
  }

  async #send(request: RequestId, question: Question, content: OutgoingContent): Promise<void> {
    const source = sourceOf(content.pieces);
    try {
      await gather(source, content.size, GATHER_BYTES);
    } catch (error) {
      this.#logger.warning('the content for the host broke off; answered with nothing', {
        request,
        error: String(error),
      });
      sendEmpty(question);
      return;
    }
    this.#logger.debug('the guest answers', { request, size: content.size });
    if (content.size === 0 && question.head.clipboardType !== ClipboardType.UTF8_TEXT) {
      sendEmpty(question);
      return;
    }
    if (content.size > GATHER_BYTES) {
      await sendSlowly(question, content.size, source);
      return;
    }
    const pieces = source.take(content.size);
    const buffers = frameClipboardData(VDP_CLIENT_PORT, question.head, pieces, question.format);
    question.writer.push({ kind: 'framed', buffers });
  }

  #take(request: RequestId): Question | undefined {
    const question = this.#questions.get(request);
    this.#questions.delete(request);
    return question;
  }
}

/**
 * Sends content while it still arrives, as the port takes it. Settles when it has been sent, or cannot be.
 *
 * It is framed in one buffer over and over: new memory for each write would cost more than the copy into it.
 */
function sendSlowly({ head, format, writer: port }: Question, size: number, source: PieceSource): Promise<void> {
  return new Promise((resolve) => {
    const leave = () => {
      source.cancel(new RpcError('cancelled', 'the host takes no more of it'));
      resolve();
    };
    const send = async (write: (buffers: readonly Uint8Array[]) => Promise<void>) => {
      try {
        const batch = Buffer.allocUnsafeSlow(PORT_WRITE_BYTES + FRAMING_BYTES);
        let spare: Buffer | undefined = batch;
        const allocate = (bytes: number) => {
          const memory = spare ?? Buffer.allocUnsafeSlow(bytes);
          spare = undefined;
          return memory;
        };
        const writer = new ClipboardDataWriter(VDP_CLIENT_PORT, head, size, format, {
          batchSize: batch.length,
          allocate,
        });
        while (writer.remaining > 0) {
          if (source.available === 0) await waitForMore(source);
          await write(writer.write(...source.take(Math.min(writer.remaining, PORT_WRITE_BYTES))));
          spare = batch;
        }
      } finally {
        leave();
      }
    };
    port.push({ kind: 'content', send, dropped: leave });
  });
}

/**
 * To QEMU an empty answer names the type that was asked for: it ignores one of type NONE, and its side would wait for ever
 * (`ui/vdagent.c`, `vdagent_clipboard_recv_data`). To others NONE is the custom (spice-vdagent).
 */
function sendEmpty({ head, format, kind, writer }: Question): void {
  const answer = kind === 'qemu' ? head : { ...head, clipboardType: ClipboardType.NONE };
  writer.push({ kind: 'framed', buffers: frameClipboardData(VDP_CLIENT_PORT, answer, [], format) });
}
