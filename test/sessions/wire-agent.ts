import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { TEXT_TYPE } from '@clipmux/host';
import { AgentWire, type CloseReason, RpcError, type Selection } from '@clipmux/rpc';
import { connectAs } from '../support/users.ts';
import { within } from '../support/wait.ts';

export interface WireAgentOptions {
  /** Whom it connects as; root unless told otherwise. */
  readonly uid?: number;
  /** The session that it names, as XDG_SESSION_ID. */
  readonly named?: string;
  readonly display?: string;
  /** What it calls itself. */
  readonly name?: string;
  /** Awaited before clipmuxd's requests are answered with what was copied. */
  readonly beforeAnswer?: () => Promise<void>;
  /** What it says that its content is, whatever was asked for. */
  readonly answersAs?: string;
}

/** What an agent has of one selection. */
interface Has {
  /** A program's content by type. */
  readonly program: ReadonlyMap<string, Uint8Array> | null;
  /** Types that clipmuxd lets it own, and the serial of that. */
  readonly given: readonly string[] | null;
  readonly seen: number;
}

interface Events {
  /** Something has changed in what it has. */
  changed: [];
  cutShort: [{ selection: Selection; direction: string; reason: string }];
}

const NOTHING: Has = { program: null, given: null, seen: 0 };

/** An agent at the level of the wire: a session without a display, whose one program is the test. */
export class WireAgent extends EventEmitter<Events> {
  readonly wire: AgentWire;
  readonly socket: Socket;
  readonly closed: Promise<CloseReason>;
  /** The session's id at clipmuxd; 0 until it has said hello. */
  id = 0;
  readonly #has: Record<Selection, Has> = { clipboard: NOTHING, primary: NOTHING };

  /** Connects and says hello. Rejects where it is not let in. */
  static async connect(path: string, options: WireAgentOptions = {}): Promise<WireAgent> {
    const agent = new WireAgent(connectAs(options.uid ?? 0, path), options);
    await agent.hello(options);
    return agent;
  }

  /** Takes a connection and says nothing yet. */
  constructor(socket: Socket, options: WireAgentOptions = {}) {
    super();
    this.socket = socket;
    let over: (reason: CloseReason) => void = () => {};
    this.closed = new Promise((resolve) => {
      over = resolve;
    });
    this.wire = new AgentWire(socket, {
      'selection.grab': ({ selection, serial, types }) =>
        this.#set(selection, { program: null, given: types, seen: serial }),
      'selection.release': ({ selection }) => this.#set(selection, { given: null }),
      'paste.cut-short': (paste) => this.emit('cutShort', paste),
      'selection.request': async ({ selection, type }) => {
        await options.beforeAnswer?.();
        const content = this.#has[selection].program?.get(type);
        if (!content) throw new RpcError('no-owner', 'no program owns that');
        return { size: content.length, type: options.answersAs ?? type, content };
      },
      closed: over,
    });
  }

  /** Rejects with why it is not let in, whether that came as an answer or as clipmuxd's farewell. */
  async hello({ named, display = ':0', name = 'test' }: WireAgentOptions = {}): Promise<void> {
    const identity = { agent: { name, version: '0' }, display, session: named ?? null };
    try {
      this.id = (await this.wire.hello(identity, { timeoutMs: 10_000 })).session;
    } catch (error) {
      const { closeReason } = this.wire;
      const farewell = error instanceof RpcError && error.name === 'connection-closed' && closeReason;
      throw farewell ? new RpcError(closeReason.name, closeReason.message) : error;
    }
  }

  /** Types that it owns for somebody else; null while it does not. */
  given(selection: Selection = 'clipboard'): readonly string[] | null {
    return this.#has[selection].given;
  }

  /** What its program offers. */
  offers(selection: Selection = 'clipboard'): readonly string[] | null {
    const { program } = this.#has[selection];
    return program && [...program.keys()];
  }

  /** Its program copies. */
  copy(
    content: string | Readonly<Record<string, Uint8Array | string>>,
    options: { readonly selection?: Selection; readonly secret?: boolean } = {},
  ): void {
    const { selection = 'clipboard', secret = false } = options;
    const byType = Object.entries(typeof content === 'string' ? { [TEXT_TYPE]: content } : content);
    const program = new Map(byType.map(([type, each]) => [type, Buffer.from(each)]));
    this.#set(selection, { program, given: null });
    this.wire.notify('selection.grab', {
      selection,
      types: [...program.keys()],
      seen: this.#has[selection].seen,
      ...(secret && { secret }),
    });
  }

  /** Its program gives up what it owns. */
  release(selection: Selection = 'clipboard'): void {
    this.#set(selection, { program: null });
    this.wire.notify('selection.release', { selection, seen: this.#has[selection].seen });
  }

  /** Its program pastes. Rejects with clipmuxd's RpcError. */
  async paste(selection: Selection = 'clipboard', type = TEXT_TYPE): Promise<string> {
    const { bytes } = await this.wire.collect({ selection, type }, { maxBytes: 1024 * 1024 * 1024 });
    return bytes.toString();
  }

  /** Waits until clipmuxd has taken everything said so far, and everything that it said before has come. */
  heard(): Promise<void> {
    return this.wire.ping({ timeoutMs: 10_000 });
  }

  /** Waits until this holds, looking whenever what it has changes. */
  async until(condition: (agent: WireAgent) => boolean, what: string): Promise<void> {
    let look = (): void => {};
    const held = new Promise<void>((resolve) => {
      look = () => {
        if (condition(this)) resolve();
      };
      this.on('changed', look);
      look();
    });
    try {
      await within(held, `${what}, agent ${this.id}`);
    } finally {
      this.off('changed', look);
    }
  }

  /** Waits until clipmuxd lets it own the selection; at once if it does. */
  owns(selection: Selection = 'clipboard'): Promise<void> {
    return this.until((agent) => agent.given(selection) !== null, `owning ${selection} for somebody else`);
  }

  /** Waits until it owns the selection for nobody else. */
  lost(selection: Selection = 'clipboard'): Promise<void> {
    return this.until((agent) => agent.given(selection) === null, `owning ${selection} for nobody else`);
  }

  async close(): Promise<void> {
    await this.wire.close();
  }

  #set(selection: Selection, change: Partial<Has>): void {
    this.#has[selection] = { ...this.#has[selection], ...change };
    this.emit('changed');
  }
}
