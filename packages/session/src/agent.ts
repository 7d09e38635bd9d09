import type { Logger } from '@clipmux/posix';
import {
  type AgentWire,
  type CancelSignal,
  type ContentAnswer,
  type DaemonToAgent,
  type HostCallQuestion,
  type Params,
  RpcError,
  SELECTIONS,
  type Selection,
  SHARED_TIMERS,
  type Timers,
} from '@clipmux/rpc';
import type { SelectionBackend, StopSignal } from '@clipmux/selections';
import { HostContent } from './host-content.ts';
import { LARGE_CONTENT_BYTES, MAX_CONTENT_BYTES } from './limits.ts';
import { readPasswordMark } from './password-mark.ts';
import { ProgramOffer } from './program-offer.ts';
import { toRpcError } from './selection-errors.ts';

/** A paste that did not end as the person meant it. */
export type CutShortPaste = Params<DaemonToAgent, 'paste.cut-short'>;

export interface AgentOptions {
  readonly backend: SelectionBackend;
  readonly logger: Logger;
  /** Called when a content has passed that is large enough to give its memory back. */
  readonly largeContentPassed: () => void;
  /** Called when the person should be told of a paste that was cut short. */
  readonly pasteCutShort: (paste: CutShortPaste) => void;
  readonly timers?: Timers;
}

/** One selection as this agent has it. */
interface AgentSelection {
  /** What a program offers; null while none does. */
  offer: ProgramOffer | null;
  /** Serial of the last grab of clipmuxd's, in this connection, that was applied on the display. */
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
    signal: CancelSignal,
  ): Promise<ContentAnswer>;
  pasteCutShort(paste: CutShortPaste): void;
}

/**
 * Joins a display's selections and clipmuxd. It owns what is known of either: what programs offer, and which of clipmuxd's
 * grabs have been applied. It knows nothing of the host's protocol.
 */
export class Agent implements AgentSide {
  readonly #backend: SelectionBackend;
  readonly #logger: Logger;
  readonly #largeContentPassed: () => void;
  readonly #pasteCutShort: (paste: CutShortPaste) => void;
  readonly #timers: Timers;
  readonly #hostContent: HostContent;
  readonly #selections: Readonly<Record<Selection, AgentSelection>> = {
    clipboard: { offer: null, seen: 0 },
    primary: { offer: null, seen: 0 },
  };
  #wire: AgentWire | null = null;
  /** Connections that are over: serials of one say nothing in the next. */
  #connectionsOver = 0;

  constructor(options: AgentOptions) {
    this.#backend = options.backend;
    this.#logger = options.logger;
    this.#largeContentPassed = options.largeContentPassed;
    this.#pasteCutShort = options.pasteCutShort;
    this.#timers = options.timers ?? SHARED_TIMERS;
    const fetch = (selection: Selection, type: string, signal: CancelSignal) => this.#fetch(selection, type, signal);
    this.#hostContent = new HostContent(fetch, this.#timers);
    this.#backend.on('offer', (selection, types) => this.#offered(selection, types));
    this.#backend.on('cleared', (selection) => this.#cleared(selection));
  }

  /** clipmuxd is there and knows this session: it is told what programs offer. */
  connected(wire: AgentWire): void {
    this.#wire = wire;
    for (const selection of SELECTIONS) {
      const { offer } = this.#selections[selection];
      if (offer && offer.secret !== undefined) this.#tell(selection, offer);
    }
  }

  /** clipmuxd is gone: what was owned for the host cannot be served. */
  disconnected(): void {
    this.#wire = null;
    this.#connectionsOver += 1;
    for (const selection of SELECTIONS) {
      const state = this.#selections[selection];
      // Grabs of the next connection count from the beginning.
      state.seen = 0;
      if (state.offer) state.offer.seen = 0;
      this.#giveUp(selection);
    }
  }

  // --- what clipmuxd wants

  grab(selection: Selection, serial: number, types: readonly string[]): void {
    const state = this.#selections[selection];
    this.#hostContent.drop(selection);
    this.#logger.debug('the host has the selection', { selection, serial, types: types.join(' ') });
    const connection = this.#connectionsOver;
    const provide = (type: string, signal: StopSignal) => this.#hostContent.get(selection, type, signal);
    this.#backend.own(selection, types, provide).then(
      (stands) => {
        // What programs did before is settled only now: their offers up to here crossed this grab.
        if (connection === this.#connectionsOver) state.seen = Math.max(state.seen, serial);
        if (stands) this.#replaceOffer(selection, null);
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
    signal: CancelSignal,
  ): Promise<ContentAnswer> {
    const limit = Math.min(maxBytes ?? MAX_CONTENT_BYTES, MAX_CONTENT_BYTES);
    const { offer } = this.#selections[selection];
    try {
      const content = await this.#backend.read(selection, type, { signal, maxBytes: limit });
      await this.#mayLeave(selection, offer?.secret === undefined ? null : offer);
      this.#passed(content.byteLength);
      return { size: content.byteLength, type, content };
    } catch (error) {
      throw toRpcError(error);
    }
  }

  /** Calls the host for a program of this session. @throws {RpcError} see `AgentWire.hostCall`; `connection-closed` while clipmuxd is away */
  async callHost({ method, params, timeoutMs }: HostCallQuestion, signal: CancelSignal): Promise<unknown> {
    if (!this.#wire) throw new RpcError('connection-closed', 'clipmuxd is not there at the moment: try again');
    return this.#wire.hostCall(method, params, { signal, ...(timeoutMs !== undefined && { timeoutMs }) });
  }

  pasteCutShort(paste: CutShortPaste): void {
    this.#logger.info('a paste was cut short', paste);
    this.#pasteCutShort(paste);
  }

  // --- what programs do

  #offered(selection: Selection, types: readonly string[]): void {
    const { seen } = this.#selections[selection];
    const offer = new ProgramOffer(types, seen, (signal) => this.#isSecret(selection, signal));
    this.#replaceOffer(selection, offer);
    this.#logger.debug('a program has the selection', { selection, types: types.join(' ') });
    if (offer.secret !== undefined) this.#tell(selection, offer);
    else
      void offer.decided.then(() => {
        if (this.#selections[selection].offer === offer) this.#tell(selection, offer);
      });
  }

  #cleared(selection: Selection): void {
    this.#replaceOffer(selection, null);
    this.#logger.debug('nobody has the selection', { selection });
    this.#wire?.notify('selection.release', { selection, seen: this.#selections[selection].seen });
  }

  #replaceOffer(selection: Selection, offer: ProgramOffer | null): void {
    const state = this.#selections[selection];
    state.offer?.end();
    state.offer = offer;
  }

  #tell(selection: Selection, offer: ProgramOffer): void {
    const { types, seen, secret } = offer;
    this.#wire?.notify('selection.grab', { selection, types: [...types], seen, secret });
  }

  async #isSecret(selection: Selection, signal: AbortSignal): Promise<boolean> {
    const read = this.#backend.read.bind(this.#backend);
    const { secret, unreadable } = await readPasswordMark(read, selection, signal, this.#timers);
    if (unreadable !== undefined) {
      const details = { selection, reason: unreadable };
      this.#logger.warning('whether a copy is a password cannot be found out; it counts as one', details);
    } else if (secret && !signal.aborted) this.#logger.debug('the program marks it as a password', { selection });
    return secret;
  }

  /**
   * Content that has been read may go to clipmuxd only if it knew, when it asked, whether that content is secret: while it asked, or
   * while the program was reading, a password manager may have taken the selection.
   * @param known what clipmuxd had been told of when it asked
   */
  async #mayLeave(selection: Selection, known: ProgramOffer | null): Promise<void> {
    const { offer } = this.#selections[selection];
    if (!offer || offer === known) return;
    await offer.decided;
    if (offer.secret) throw new RpcError('owner-died', 'another program has taken the selection, with a password');
  }

  async #fetch(selection: Selection, type: string, signal: CancelSignal): Promise<Uint8Array> {
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
