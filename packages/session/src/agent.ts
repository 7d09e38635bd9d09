import type { Logger } from '@clipmux/posix';
import { type AgentWire, type ContentAnswer, RpcError, SELECTIONS, type Selection } from '@clipmux/rpc';
import type { SelectionBackend } from '@clipmux/selections';
import { HostContent } from './host-content.ts';
import { LARGE_CONTENT_BYTES, MAX_CONTENT_BYTES } from './limits.ts';
import { toRpcError } from './selection-errors.ts';

export interface AgentOptions {
  readonly backend: SelectionBackend;
  readonly logger: Logger;
  /** Called when a content has passed that is large enough to give its memory back. */
  readonly largeContentPassed: () => void;
}

/** One selection as this agent has it. */
interface AgentSelection {
  /** What a program offers; null while none does. */
  offer: readonly string[] | null;
  /** Serial of the last grab of clipmuxd's that was applied on the display. */
  seen: number;
}

/** What clipmuxd may do to the agent while a connection lasts. */
export interface AgentSide {
  grab(selection: Selection, serial: number, types: readonly string[]): void;
  release(selection: Selection, serial: number): void;
  request(
    selection: Selection,
    type: string,
    maxBytes: number | undefined,
    signal: AbortSignal,
  ): Promise<ContentAnswer>;
}

/**
 * Joins a display's selections and clipmuxd. It owns what is known of either: what programs offer, and which of clipmuxd's
 * grabs have been applied. It knows nothing of the host's protocol.
 */
export class Agent implements AgentSide {
  readonly #backend: SelectionBackend;
  readonly #logger: Logger;
  readonly #largeContentPassed: () => void;
  readonly #hostContent: HostContent;
  #selections: Readonly<Record<Selection, AgentSelection>> = {
    clipboard: { offer: null, seen: 0 },
    primary: { offer: null, seen: 0 },
  };
  #wire: AgentWire | null = null;

  constructor(options: AgentOptions) {
    this.#backend = options.backend;
    this.#logger = options.logger;
    this.#largeContentPassed = options.largeContentPassed;
    this.#hostContent = new HostContent((selection, type, signal) => this.#fetch(selection, type, signal));
    this.#backend.on('offer', (selection, types) => this.#offered(selection, types));
    this.#backend.on('cleared', (selection) => this.#cleared(selection));
  }

  /** clipmuxd is there and knows this session: it is told what programs offer. */
  connected(wire: AgentWire): void {
    this.#wire = wire;
    for (const selection of SELECTIONS) {
      const { offer, seen } = this.#selections[selection];
      if (offer) wire.notify('selection.grab', { selection, types: [...offer], seen });
    }
  }

  /** clipmuxd is gone: what was owned for the host cannot be served. */
  disconnected(): void {
    this.#wire = null;
    const before = this.#selections;
    // Grabs of the next connection count from the beginning.
    this.#selections = {
      clipboard: { offer: before.clipboard.offer, seen: 0 },
      primary: { offer: before.primary.offer, seen: 0 },
    };
    for (const selection of SELECTIONS) this.#giveUp(selection);
  }

  // --- what clipmuxd wants

  grab(selection: Selection, serial: number, types: readonly string[]): void {
    const state = this.#selections[selection];
    this.#hostContent.drop(selection);
    this.#logger.debug('the host has the selection', { selection, serial, types: types.join(' ') });
    const provide = (type: string, signal: AbortSignal) => this.#hostContent.get(selection, type, signal);
    this.#backend.own(selection, types, provide).then(
      (stands) => {
        // What programs did before is settled only now: their offers up to here crossed this grab.
        state.seen = Math.max(state.seen, serial);
        if (stands) state.offer = null;
        const outcome = stands ? 'the selection is owned for the host' : 'a program took the selection meanwhile';
        this.#logger.debug(outcome, { selection, serial });
      },
      (error: unknown) => this.#logger.warning('the selection could not be taken', { selection, error: String(error) }),
    );
  }

  release(selection: Selection, serial: number): void {
    this.#logger.debug('the host has given the selection up', { selection, serial });
    this.#giveUp(selection);
  }

  async request(
    selection: Selection,
    type: string,
    maxBytes: number | undefined,
    signal: AbortSignal,
  ): Promise<ContentAnswer> {
    const limit = Math.min(maxBytes ?? MAX_CONTENT_BYTES, MAX_CONTENT_BYTES);
    try {
      const content = await this.#backend.read(selection, type, { signal, maxBytes: limit });
      this.#passed(content.byteLength);
      return { size: content.byteLength, type, content };
    } catch (error) {
      throw toRpcError(error);
    }
  }

  // --- what programs do

  #offered(selection: Selection, types: readonly string[]): void {
    const state = this.#selections[selection];
    state.offer = types;
    this.#logger.debug('a program has the selection', { selection, types: types.join(' ') });
    this.#wire?.notify('selection.grab', { selection, types: [...types], seen: state.seen });
  }

  #cleared(selection: Selection): void {
    const state = this.#selections[selection];
    state.offer = null;
    this.#logger.debug('nobody has the selection', { selection });
    this.#wire?.notify('selection.release', { selection, seen: state.seen });
  }

  async #fetch(selection: Selection, type: string, signal: AbortSignal): Promise<Uint8Array> {
    const wire = this.#wire;
    if (!wire) throw new RpcError('connection-closed', 'clipmuxd is not there');
    const { bytes } = await wire.collect({ selection, type }, { maxBytes: MAX_CONTENT_BYTES, signal });
    this.#passed(bytes.byteLength);
    return bytes;
  }

  #giveUp(selection: Selection): void {
    this.#hostContent.drop(selection);
    this.#backend
      .disown(selection)
      .then(() => this.#logger.debug('nothing is owned for the host', { selection }))
      .catch((error: unknown) => this.#logger.debug('not given up', { selection, error: String(error) }));
  }

  #passed(bytes: number): void {
    if (bytes >= LARGE_CONTENT_BYTES) this.#largeContentPassed();
  }
}
