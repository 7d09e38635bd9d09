import { type AnswerObject, GuestAgentError, PIECE_BYTES_MAX } from '@clipmux/guest-agent';
import { GRAB_TYPES_MAX, RpcError, type Selection, type Timers, TYPE_BYTES_MAX } from '@clipmux/rpc';
import { ContentBudget } from '../../control/content-budget.ts';
import { Handles } from '../../control/handles.ts';
import type { HeldContent, Whose } from '../../control/index.ts';
import { takeContent } from '../../control/take-content.ts';
import { TEXT_MIME } from '../../host-link/content-types.ts';
import { CONTENT_TIMEOUT_MS, HANDLE_IDLE_MS, HANDLES_MAX, HELD_BYTES_MAX } from '../limits.ts';
import type { CommandContext, CommandHandlers } from './answering.ts';
import type { ClipboardAccess } from './clipboard-access.ts';

/** A MIME type, as agents name them: printable ASCII. */
const TYPE = new RegExp(`^[\\x20-\\x7e]{1,${TYPE_BYTES_MAX}}$`);

interface Reading {
  readonly type: string;
  readonly size: number;
  /** The first byte that was not read yet. */
  next: number;
}

/** What is sent in pieces, as its first piece said: whoever takes part when the last one comes is not asked. */
interface Upload {
  readonly session: number;
  readonly selection: Selection;
  readonly share: boolean;
}

interface Piece {
  readonly type: string;
  readonly bytes: Buffer;
}

interface Which {
  readonly session: number | undefined;
  readonly selection: Selection | undefined;
}

/** The commands that see and set what sessions hold. Handles are of all clients together: a script may connect anew for each piece. */
export class ClipboardCommands {
  readonly #access: ClipboardAccess;
  readonly #timers: Timers;
  readonly #handles: Handles;
  readonly #readings = new Map<number, Reading>();
  readonly #uploads = new Map<number, Upload>();

  constructor(access: ClipboardAccess, timers: Timers) {
    this.#access = access;
    this.#timers = timers;
    this.#handles = new Handles(
      { handles: HANDLES_MAX, contentBytes: HELD_BYTES_MAX, typesMax: GRAB_TYPES_MAX, idleMs: HANDLE_IDLE_MS },
      new ContentBudget(HELD_BYTES_MAX),
      timers,
    );
  }

  /** Forgets all that is held. */
  stop(): void {
    this.#handles.closeAll();
  }

  readonly handlers: CommandHandlers<
    | 'guest-clipboard-targets'
    | 'guest-clipboard-get'
    | 'guest-clipboard-set'
    | 'guest-clipboard-close'
    | 'guest-clipboard-clear'
  > = {
    'guest-clipboard-targets': (values) => {
      const { session, selection, owner, types } = this.#access.targets(whoseOf(values));
      return { session, selection, owner, types };
    },
    'guest-clipboard-get': async ({ handle, offset, count = PIECE_BYTES_MAX, ...which }, context) => {
      if (handle === undefined) {
        if (offset !== undefined) throw refuse("Parameter 'offset' needs a handle");
        return this.#piece(await this.#open(which, context), 0, count);
      }
      refuseWith(handle, which);
      return this.#piece(handle, offset, count);
    },
    'guest-clipboard-set': async ({ handle, more = false, share, type, ...values }) => {
      const content = { type: typeOf(type), bytes: values['buf-b64'] };
      if (handle !== undefined) {
        refuseWith(handle, { ...values, type: undefined });
        const upload = this.#uploadOf(handle, share);
        const size = this.#append(handle, upload, content);
        return more ? { handle, size } : this.#set(upload, this.#finish(handle), upload.share);
      }
      const whose = whoseOf(values);
      return more ? this.#begin(whose, content, share ?? false) : this.#set(whose, [content], share ?? false);
    },
    'guest-clipboard-close': ({ handle }) => {
      this.#close(handle);
      return {};
    },
    'guest-clipboard-clear': async (values) => {
      const whose = whoseOf(values);
      return { session: await this.#access.clear(whose), selection: whose.selection };
    },
  };

  async #open(which: Which & { readonly type: string | undefined }, { signal }: CommandContext): Promise<number> {
    const { session, selection } = this.#access.targets(whoseOf(which));
    // From here on that session: while it is asked, another may come to take part.
    const whose = { session, selection };
    const type = typeOf(which.type);
    const options = { signal, timers: this.#timers, timeoutMs: CONTENT_TIMEOUT_MS };
    const open = (until: AbortSignal) => this.#access.content(whose, type, until);
    const taken = await takeContent(this.#handles, open, options);
    try {
      // It may have been locked since it was asked.
      this.#access.targets(whose);
      signal.throwIfAborted();
    } catch (error) {
      this.#handles.close(taken.handle);
      throw error;
    }
    this.#forgetClosed();
    this.#readings.set(taken.handle, { type: taken.type, size: taken.size, next: 0 });
    return taken.handle;
  }

  #piece(handle: number, offset: number | undefined, count: number): AnswerObject {
    const reading = this.#readings.get(handle);
    const from = offset ?? reading?.next ?? 0;
    const { bytes, eof } = this.#handles.read(handle, from, count);
    if (!reading) throw refuse(`handle ${handle} is one to write to`);
    const { type, size } = reading;
    reading.next = from + bytes.length;
    if (eof) this.#close(handle);
    const piece = { type, size, offset: from, count: bytes.length, 'buf-b64': bytes.toString('base64'), eof };
    return eof ? piece : { ...piece, handle };
  }

  async #set(whose: Whose, contents: readonly HeldContent[], share: boolean): Promise<AnswerObject> {
    const session = await this.#access.set(whose, contents, share);
    return { session, selection: whose.selection, types: contents.map(({ type }) => type) };
  }

  /** The first piece of several. */
  #begin(whose: Whose, content: Piece, share: boolean): AnswerObject {
    const session = this.#access.checkSet(whose, { type: content.type, size: content.bytes.length });
    const handle = this.#handles.begin();
    this.#forgetClosed();
    const upload = { session, selection: whose.selection, share };
    this.#uploads.set(handle, upload);
    try {
      return { handle, size: this.#append(handle, upload, content) };
    } catch (error) {
      if (this.#isOpen(handle)) this.#close(handle);
      throw error;
    }
  }

  /** @param share what a later piece says of it, if anything */
  #uploadOf(handle: number, share: boolean | undefined): Upload {
    const upload = this.#uploads.get(handle);
    if (!upload || !this.#isOpen(handle)) {
      this.#uploads.delete(handle);
      throw new RpcError('no-such-handle', `there is no handle ${handle} to write to`);
    }
    if (share !== undefined && share !== upload.share) {
      throw refuse(
        `Parameter 'share' contradicts the first piece of handle ${handle}, which decides: give it there, or leave it out`,
      );
    }
    return upload;
  }

  /** Adds a piece. What may not be set any more is given up: its session has left, was locked, or takes part no more. @returns bytes of that type so far */
  #append(handle: number, upload: Upload, { type, bytes }: Piece): number {
    const size = this.#handles.append(handle, type, bytes);
    try {
      this.#access.checkSet(upload, { type, size });
    } catch (error) {
      this.#close(handle);
      throw error;
    }
    return size;
  }

  #finish(handle: number): readonly HeldContent[] {
    const contents = this.#handles.contents(handle);
    this.#close(handle);
    return contents;
  }

  #close(handle: number): void {
    this.#readings.delete(handle);
    this.#uploads.delete(handle);
    this.#handles.close(handle);
  }

  /** Handles close by themselves after a while; so that what is known of them does not pile up. */
  #forgetClosed(): void {
    for (const handle of this.#readings.keys()) if (!this.#isOpen(handle)) this.#readings.delete(handle);
    for (const handle of this.#uploads.keys()) if (!this.#isOpen(handle)) this.#uploads.delete(handle);
  }

  #isOpen(handle: number): boolean {
    return this.#handles.has(handle);
  }
}

function whoseOf({ session, selection }: Which): Whose {
  return { session, selection: selection ?? 'clipboard' };
}

function typeOf(type = TEXT_MIME): string {
  if (!TYPE.test(type)) throw refuse(`Parameter 'type' expects a MIME type of at most ${TYPE_BYTES_MAX} bytes`);
  return type;
}

/** A handle says already what it is for. */
function refuseWith(handle: number, others: Which & { readonly type: string | undefined }): void {
  for (const name of ['session', 'selection', 'type'] as const) {
    if (others[name] !== undefined) throw refuse(`Parameter '${name}' is not to be given with handle ${handle}`);
  }
}

function refuse(description: string): GuestAgentError {
  return new GuestAgentError('GenericError', description);
}
