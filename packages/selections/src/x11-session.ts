import { SELECTION_NAMES, type SelectionName } from './backend.ts';
import type { DisplayError } from './errors.ts';
import type { Limits } from './limits.ts';
import { Claims } from './owner/claims.ts';
import { SelectionOwner } from './owner/selection-owner.ts';
import { TRANSFER_PROPERTY_NAMES } from './requestor/property-pool.ts';
import { Requestor } from './requestor/requestor.ts';
import type { Outbox } from './watcher/outbox.ts';
import { SelectionWatcher } from './watcher/selection-watcher.ts';
import { AtomCache } from './x11/atoms.ts';
import type { Connection } from './x11/connection.ts';
import type { ConnectionEvent } from './x11/events.ts';
import { None, PropertyChangeMask } from './x11/protocol.ts';
import { ServerTime } from './x11/server-time.ts';

/** The selections' atoms. */
const SELECTION_ATOMS: Readonly<Record<SelectionName, string>> = { clipboard: 'CLIPBOARD', primary: 'PRIMARY' };
/** The property whose changes tell the server's time. */
const TIME_PROPERTY = 'CLIPMUX_SERVER_TIME';

/** One selection's parts. */
export interface WatchedSelection {
  readonly watcher: SelectionWatcher;
  readonly claims: Claims;
}

/** Everything that lives as long as one connection: the parts, put together, and the way of each event to them. */
export class X11Session {
  readonly connection: Connection;
  readonly atoms: AtomCache;
  readonly requestor: Requestor;
  readonly selections: Readonly<Record<SelectionName, WatchedSelection>>;
  readonly #serverTime: ServerTime;
  readonly #owner: SelectionOwner;
  readonly #window: number;
  readonly #byAtom = new Map<number, WatchedSelection>();

  private constructor(connection: Connection, atoms: AtomCache, outbox: Outbox, limits: Limits) {
    this.connection = connection;
    this.atoms = atoms;
    this.#window = connection.createWindow(PropertyChangeMask);
    this.#serverTime = new ServerTime(connection, this.#window, atoms.get(TIME_PROPERTY));
    this.requestor = new Requestor(connection, atoms, this.#window, limits.ownerSilenceMs);
    const context = { requestor: this.requestor, atoms, outbox, window: this.#window };
    const build = (name: SelectionName): WatchedSelection => {
      const atom = atoms.get(SELECTION_ATOMS[name]);
      const watcher = new SelectionWatcher(name, atom, context);
      const claims = new Claims(connection, this.#serverTime, this.#window, atom, watcher);
      const selection = { watcher, claims };
      this.#byAtom.set(atom, selection);
      return selection;
    };
    this.selections = { clipboard: build('clipboard'), primary: build('primary') };
    this.#owner = new SelectionOwner(connection, atoms, {
      window: this.#window,
      providerMs: limits.providerMs,
      requestorStallMs: limits.requestorStallMs,
      ownershipOf: (selection) => this.#byAtom.get(selection)?.claims.current,
    });
    connection.onEvent = (event) => this.#onEvent(event);
  }

  /** Sets up on a connection and begins to watch; settles when the present owners are known. */
  static async begin(connection: Connection, outbox: Outbox, limits: Limits): Promise<X11Session> {
    const atoms = new AtomCache(connection);
    await atoms.preload([
      ...Object.values(SELECTION_ATOMS),
      ...TRANSFER_PROPERTY_NAMES,
      ...[TIME_PROPERTY, 'TARGETS', 'TIMESTAMP', 'MULTIPLE', 'ATOM_PAIR', 'INCR'],
    ]);
    const session = new X11Session(connection, atoms, outbox, limits);
    await new Promise<void>((resolve) => session.#watch(resolve));
    return session;
  }

  #watch(done: () => void): void {
    for (const name of SELECTION_NAMES) {
      this.connection.watchSelection(this.#window, this.selections[name].watcher.atom);
    }
    this.#serverTime.ask((time) => {
      let left = SELECTION_NAMES.length;
      for (const name of SELECTION_NAMES) {
        const { watcher } = this.selections[name];
        this.connection.getSelectionOwner(watcher.atom, (owner) => {
          watcher.begin(owner ?? None, time);
          if (--left === 0) done();
        });
      }
    });
  }

  #onEvent(event: ConnectionEvent): void {
    switch (event.kind) {
      case 'selection-request':
        return this.#owner.onSelectionRequest(event);
      case 'selection-notify':
        return this.requestor.onSelectionNotify(event);
      case 'property-notify':
        this.#serverTime.heard(event.time);
        if (event.window !== this.#window) return this.#owner.onPropertyNotify(event);
        if (!this.#serverTime.onPropertyNotify(event)) this.requestor.onPropertyNotify(event);
        return;
      case 'owner-notify': {
        this.#serverTime.heard(event.time);
        const selection = this.#byAtom.get(event.selection);
        selection?.claims.ownerChanged(event);
        selection?.watcher.ownerChanged(event);
        return;
      }
      case 'window-gone':
        return this.#owner.onWindowGone(event.window);
    }
  }

  /** Stops serving: requestors that wait for a provider are refused, transfers end. */
  stopServing(): void {
    for (const name of SELECTION_NAMES) this.selections[name].claims.stop();
    this.#owner.stop();
  }

  /** Ends all that is under way, with this error for reads. */
  stop(error: DisplayError): void {
    this.stopServing();
    this.requestor.stop(error);
    for (const name of SELECTION_NAMES) this.selections[name].watcher.stop();
  }
}
