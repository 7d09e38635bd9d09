import type { AtomCache } from '../x11/atoms.ts';
import type { Connection } from '../x11/connection.ts';
import type { PropertyNotifyEvent, SelectionRequestEvent } from '../x11/events.ts';
import { None, XA_ATOM, XA_INTEGER } from '../x11/protocol.ts';
import { isBefore } from '../x11/server-time.ts';
import { ConversionCount } from './conversion-count.ts';
import { Fetch } from './fetch.ts';
import { type Pair, packAtoms, readPairs, refusePair } from './multiple.ts';
import { OutgoingTransfers } from './outgoing-transfers.ts';
import type { Ownership } from './ownership.ts';
import { Refusals } from './refusals.ts';
import { RequestorWindows } from './requestor-windows.ts';

/** What one target was converted to: bytes, with the type and format of the property. */
interface Converted {
  readonly type: number;
  readonly format: 8 | 32;
  readonly bytes: Uint8Array;
}

export interface OwnerOptions {
  readonly window: number;
  readonly providerMs: number;
  readonly requestorStallMs: number;
  /** What is owned now of a selection. */
  ownershipOf(selection: number): Ownership | undefined;
}

/** Answers the requests of programs for the selections that we own (ICCCM 2.2, 2.6). */
export class SelectionOwner {
  readonly #connection: Connection;
  readonly #atoms: AtomCache;
  readonly #options: OwnerOptions;
  readonly #windows: RequestorWindows;
  readonly #refusals: Refusals;
  readonly #count: ConversionCount;
  readonly #transfers: OutgoingTransfers;
  readonly #fetches = new Set<Fetch>();

  constructor(connection: Connection, atoms: AtomCache, options: OwnerOptions) {
    this.#connection = connection;
    this.#atoms = atoms;
    this.#options = options;
    this.#windows = new RequestorWindows(connection);
    this.#refusals = new Refusals(this.#windows);
    this.#count = new ConversionCount((window) => connection.clientOf(window));
    const incr = atoms.get('INCR');
    this.#transfers = new OutgoingTransfers(connection, this.#windows, incr, options.requestorStallMs, (window) =>
      this.#count.end(window),
    );
  }

  onSelectionRequest(request: SelectionRequestEvent): void {
    const ownership = this.#options.ownershipOf(request.selection);
    // Nobody converts for our own window, and its event mask must stay as it is.
    if (request.requestor === this.#options.window) return;
    // CurrentTime (0) means now; a time from before our ownership asks for what was there before (ICCCM 2.2).
    const tooEarly = ownership !== undefined && request.time !== 0 && isBefore(request.time, ownership.time);
    if (ownership === undefined || tooEarly) return this.#notify(request, None);
    if (request.target === this.#atoms.get('MULTIPLE')) return this.#convertMultiple(request, ownership);
    // Obsolete clients name no property; the target's atom then serves as one (ICCCM 2.2).
    const property = request.property === None ? request.target : request.property;
    this.#convert(request.requestor, ownership, request.target, (converted) => {
      if (converted === undefined) return this.#notify(request, None);
      this.#deliver(request.requestor, [{ property, converted }], () => this.#notify(request, property));
    });
  }

  onPropertyNotify(event: PropertyNotifyEvent): void {
    this.#transfers.onPropertyNotify(event);
  }

  onWindowGone(window: number): void {
    this.#windows.onWindowGone(window);
  }

  /** Refuses all who wait for a provider, and ends all transfers. Ownerships are to be ended before. */
  stop(): void {
    for (const fetch of [...this.#fetches]) fetch.stop();
    this.#transfers.stop();
    this.#refusals.stop();
  }

  #notify(request: SelectionRequestEvent, property: number): void {
    const { requestor, selection, target, time } = request;
    this.#connection.sendSelectionNotify(requestor, selection, target, property, time);
  }

  /** Converts one target; calls back with undefined where it is to be refused. */
  #convert(
    requestor: number,
    ownership: Ownership,
    target: number,
    done: (converted: Converted | undefined) => void,
  ): void {
    const [targets, timestamp, multiple] = ['TARGETS', 'TIMESTAMP', 'MULTIPLE'].map((name) => this.#atoms.get(name));
    if (target === targets) {
      const list = [targets, timestamp, multiple, ...ownership.targets.keys()].filter((atom) => atom !== undefined);
      return done({ type: XA_ATOM, format: 32, bytes: packAtoms(list) });
    }
    if (target === timestamp) return done({ type: XA_INTEGER, format: 32, bytes: packAtoms([ownership.time]) });
    const owned = ownership.targets.get(target);
    if (owned === undefined || this.#refusals.has(requestor, ownership, owned.type)) return done(undefined);
    if (!this.#count.begin(requestor)) return done(undefined);
    const context = {
      windows: this.#windows,
      refusals: this.#refusals,
      providerMs: this.#options.providerMs,
      timers: this.#connection.timers,
      ended: (fetch: Fetch) => this.#fetches.delete(fetch),
    };
    const fetch = new Fetch(context, requestor, ownership, owned, (bytes) => {
      done(bytes && { type: owned.answerAtom, format: 8, bytes });
      this.#count.end(requestor);
    });
    this.#fetches.add(fetch);
  }

  /** Writes contents one after the other, as the socket takes them, then calls back. */
  #deliver(
    window: number,
    contents: readonly { readonly property: number; readonly converted: Converted }[],
    done: () => void,
  ): void {
    const [first, ...others] = contents;
    if (first === undefined) return done();
    const { property, converted } = first;
    this.#connection.whenWritable(() => {
      if (converted.format === 32) {
        this.#connection.changeProperty(window, property, converted.type, 32, converted.bytes);
      } else if (this.#transfers.write({ window, property, type: converted.type, bytes: converted.bytes })) {
        this.#count.add(window);
      }
      this.#deliver(window, others, done);
    });
  }

  /** Several targets at once (ICCCM 2.6.2): pairs of target and property, listed in the request's own property. */
  #convertMultiple(request: SelectionRequestEvent, ownership: Ownership): void {
    const { requestor, property } = request;
    if (property === None) return this.#notify(request, None);
    readPairs(this.#connection, requestor, property, (pairs) => {
      if (pairs === undefined) return this.#notify(request, None);
      const deliveries: { property: number; converted: Converted }[] = [];
      let left = pairs.length;
      const finish = () => {
        if (pairs.some((pair) => pair.refused)) {
          const bytes = packAtoms(pairs.flatMap(refusePair));
          deliveries.push({ property, converted: { type: this.#atoms.get('ATOM_PAIR'), format: 32, bytes } });
        }
        this.#deliver(requestor, deliveries, () => this.#notify(request, property));
      };
      const settle = (pair: Pair, converted: Converted | undefined) => {
        if (converted === undefined) pair.refused = true;
        else deliveries.push({ property: pair.property, converted });
        if (--left === 0) finish();
      };
      if (left === 0) finish();
      for (const pair of pairs) {
        // Within MULTIPLE no property may be left out, and MULTIPLE may not be nested.
        if (pair.property === None || pair.refused) settle(pair, undefined);
        else this.#convert(requestor, ownership, pair.target, (converted) => settle(pair, converted));
      }
    });
  }
}
