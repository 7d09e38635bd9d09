import type { SelectionName } from '../backend.ts';
import { SelectionError } from '../errors.ts';
import type { Offer } from '../mime/targets.ts';
import type { ClaimOutcome } from '../owner/claims.ts';
import type { ConversionHandle, Requestor } from '../requestor/requestor.ts';
import type { AtomCache } from '../x11/atoms.ts';
import type { OwnerNotifyEvent } from '../x11/events.ts';
import { None } from '../x11/protocol.ts';
import { askTargets } from './ask-targets.ts';
import type { Outbox } from './outbox.ts';

/** A program that owns the selection, and what it offers. */
export interface ForeignOwner {
  /** Server time at which it was seen as the owner: the time to give with requests to it. */
  readonly time: number;
  readonly offer: Offer;
}

export interface WatcherContext {
  readonly requestor: Requestor;
  readonly atoms: AtomCache;
  readonly outbox: Outbox;
  /** Our window: a selection that it owns is ours. */
  readonly window: number;
}

/**
 * Knows who owns one selection, and asks each new owner for its targets.
 *
 * While claims of our own (own, disown) are in flight it keeps quiet: what programs did before the claim is superseded
 * by it, and what they did after shows when the claim is answered.
 */
export class SelectionWatcher {
  readonly name: SelectionName;
  readonly atom: number;
  readonly #context: WatcherContext;
  readonly #reads = new Set<ConversionHandle>();
  #waiting: (() => void)[] = [];
  #owner: number = None;
  #time = 0;
  #offer: Offer | undefined;
  #claims = 0;
  #stopped = false;
  #asking: ConversionHandle | undefined;
  #toAsk: NodeJS.Immediate | undefined;
  /** Who the listeners think owns the selection, from news and from what their claims came to. */
  #believed: 'nobody' | 'ours' | 'program' = 'nobody';

  constructor(name: SelectionName, atom: number, context: WatcherContext) {
    this.name = name;
    this.atom = atom;
    this.#context = context;
  }

  get isOurs(): boolean {
    return this.#owner !== None && this.#owner === this.#context.window;
  }

  /** The program that owns the selection; undefined where none does, or while its targets are not known. */
  get foreignOwner(): ForeignOwner | undefined {
    if (this.#offer === undefined) return undefined;
    return { time: this.#time, offer: this.#offer };
  }

  /** The owner as found when the watch began. */
  begin(owner: number, time: number): void {
    this.#set(owner, time);
    this.#settle();
  }

  /** XFIXES tells of a change. */
  ownerChanged(event: OwnerNotifyEvent): void {
    this.#set(event.owner, event.time);
    for (const read of [...this.#reads]) read.ownerLost(lossOf(event));
    if (this.#claims === 0) this.#settle();
  }

  /** A request of ours that changes the owner has been sent. */
  beginClaim(): void {
    this.#claims++;
    this.#offer = undefined;
    this.#stopAsking();
    this.#context.outbox.retract(this.name);
  }

  /** The server has told who owned the selection just after that request, and so what it came to. */
  endClaim(owner: number, time: number, outcome: ClaimOutcome): void {
    this.#claims--;
    if (outcome === 'stands') this.#believed = 'ours';
    else if (outcome === 'failed') this.#believed = 'program';
    else if (this.#believed === 'ours') this.#believed = 'nobody';
    if (this.#claims > 0) return;
    if (owner !== this.#owner) this.#set(owner, time);
    this.#settle();
  }

  /** Calls back once it is known who owns the selection and what it offers, at once if it is. */
  whenKnown(done: () => void): void {
    if (this.#isKnown()) done();
    else this.#waiting.push(done);
  }

  /** Has a read told of changes of the owner until the returned function is called. */
  watchRead(read: ConversionHandle): () => void {
    this.#reads.add(read);
    return () => this.#reads.delete(read);
  }

  /** Ends the watch. Who waits is called back and finds no owner. */
  stop(): void {
    this.#stopped = true;
    this.#set(None, this.#time);
    this.#stopAsking();
    this.#claims = 0;
    this.#tellWaiting();
  }

  #isKnown(): boolean {
    return this.#claims === 0 && (this.#owner === None || this.isOurs || this.#offer !== undefined);
  }

  #set(owner: number, time: number): void {
    this.#owner = owner;
    this.#time = time;
    this.#offer = undefined;
    this.#stopAsking();
  }

  #stopAsking(): void {
    const asking = this.#asking;
    this.#asking = undefined;
    if (asking !== undefined) asking.abandon(new SelectionError('owner-changed', 'the owner has changed'));
    if (this.#toAsk !== undefined) clearImmediate(this.#toAsk);
    this.#toAsk = undefined;
  }

  /** Acts on the present owner, with no claim in flight. */
  #settle(): void {
    if (this.#stopped) return;
    const { outbox } = this.#context;
    if (this.#owner === None) {
      // Otherwise they know, or are about to: what waits to be told is then that nobody owns it.
      if (this.#believed !== 'nobody') outbox.put(this.name, { kind: 'cleared' });
      this.#believed = 'nobody';
    } else if (this.isOurs) {
      outbox.retract(this.name);
    } else {
      // Asked after the events at hand: of owners in quick succession only the last is asked.
      this.#toAsk ??= setImmediate(() => this.#ask());
    }
    this.#tellWaiting();
  }

  #ask(): void {
    this.#toAsk = undefined;
    const { requestor, atoms, outbox } = this.#context;
    let current: ConversionHandle | undefined;
    current = askTargets(requestor, atoms, this.atom, this.#time, (offer) => {
      if (current === undefined || this.#asking !== current) return; // of an owner that was replaced
      this.#asking = undefined;
      this.#offer = offer;
      this.#believed = 'program';
      outbox.put(this.name, { kind: 'offer', types: offer.types });
      this.#tellWaiting();
    });
    this.#asking = current;
  }

  #tellWaiting(): void {
    if (!this.#isKnown()) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done();
  }
}

/** Why the owner of before can give no more. */
function lossOf(event: OwnerNotifyEvent): SelectionError {
  if (event.died) return new SelectionError('owner-died', 'the owner of the selection ended');
  if (event.owner === None) return new SelectionError('no-owner', 'the owner has given the selection up');
  return new SelectionError('owner-changed', 'another copy has taken the selection meanwhile');
}
