import type { Connection } from '../x11/connection.ts';
import type { OwnerNotifyEvent } from '../x11/events.ts';
import { None } from '../x11/protocol.ts';
import { isBefore, type ServerTime } from '../x11/server-time.ts';
import type { Ownership } from './ownership.ts';

/** What a claim came to: a taking stands or failed, or the selection was given up. */
export type ClaimOutcome = 'stands' | 'failed' | 'released';

/** Told of claims, so that news of programs can be held back meanwhile. */
export interface ClaimObserver {
  /** A request that changes the owner is being sent. */
  beginClaim(): void;
  /** The server has told who owned the selection just after it. */
  endClaim(owner: number, time: number, outcome: ClaimOutcome): void;
}

/**
 * Takes and gives up one selection, and knows what is owned of it at each point of the server's order of events:
 * an ownership begins and ends with XFIXES' events, not when the requests for it are sent.
 */
export class Claims {
  readonly #connection: Connection;
  readonly #serverTime: ServerTime;
  readonly #window: number;
  readonly #selection: number;
  readonly #observer: ClaimObserver;
  /** Requested, and not seen to be ours yet; in order. */
  readonly #pending: Ownership[] = [];
  #current: Ownership | undefined;
  /** Server time of the newest change that was told. */
  #changed: number | undefined;

  constructor(
    connection: Connection,
    serverTime: ServerTime,
    window: number,
    selection: number,
    observer: ClaimObserver,
  ) {
    this.#connection = connection;
    this.#serverTime = serverTime;
    this.#window = window;
    this.#selection = selection;
    this.#observer = observer;
  }

  /** What is served now. */
  get current(): Ownership | undefined {
    return this.#current?.ended ? undefined : this.#current;
  }

  /**
   * Takes the selection. `sent` is called when requests that are to come later may follow. `done` is told whether it stands.
   *
   * The time is reckoned, which saves the round trip of asking for it. Where the server ignores the attempt, either a
   * program has taken the selection after that time, and keeps it; or the reckoning was ahead of the server's clock: then
   * the server is asked, and only after that may others follow.
   */
  take(ownership: Ownership, sent: () => void, done: (stands: boolean) => void): void {
    const settle = (owner: number) => {
      this.#withdraw(ownership); // if the server ignored it: no change was told
      const stands = this.#current === ownership;
      this.#observer.endClaim(owner, ownership.time, stands ? 'stands' : 'failed');
      done(stands);
    };
    const reckoned = this.#serverTime.reckon();
    this.#observer.beginClaim();
    this.#attempt(ownership, reckoned, (owner) => {
      const isIgnored = this.#withdraw(ownership);
      const isLate = this.#changed !== undefined && isBefore(reckoned, this.#changed);
      if (isIgnored && !isLate) {
        this.#serverTime.ask((time) => {
          this.#attempt(ownership, time, settle);
          sent();
        });
      } else {
        sent();
        settle(owner);
      }
    });
  }

  /**
   * Gives the selection up if it is ours; nothing is served any more at once. `sent` and `done` as in {@link take}.
   *
   * It is given up with the time at which it was taken, so that the server ignores this if a program has taken it
   * since (ICCCM 2.3.1). A program may have done so in the same millisecond, which the server cannot tell apart:
   * therefore the server is first asked for what has happened until now.
   */
  release(sent: () => void, done: () => void): void {
    this.#current?.end();
    this.#connection.sync(() => {
      const ownership = this.#pending.at(-1) ?? this.#current;
      this.#current?.end();
      if (ownership === undefined) {
        done();
      } else {
        this.#observer.beginClaim();
        this.#claim(None, ownership.time, (owner) => {
          this.#observer.endClaim(owner, ownership.time, 'released');
          done();
        });
      }
      sent();
    });
  }

  /** XFIXES tells of a change. */
  ownerChanged(event: OwnerNotifyEvent): void {
    this.#changed = event.time;
    this.#current?.end();
    this.#current = event.owner === this.#window ? this.#pending.shift() : undefined;
  }

  /** The display is gone. */
  stop(): void {
    this.#current?.end();
    this.#current = undefined;
    this.#pending.length = 0;
  }

  #attempt(ownership: Ownership, time: number, done: (owner: number) => void): void {
    ownership.time = time;
    this.#pending.push(ownership);
    this.#claim(this.#window, time, done);
  }

  /** @returns whether it was still to be seen as ours */
  #withdraw(ownership: Ownership): boolean {
    const waiting = this.#pending.indexOf(ownership);
    if (waiting !== -1) this.#pending.splice(waiting, 1);
    return waiting !== -1;
  }

  /** Sends a change of the owner; `done` is told who owned the selection just after it. */
  #claim(owner: number, time: number, done: (owner: number) => void): void {
    this.#connection.setSelectionOwner(owner, this.#selection, time);
    this.#connection.getSelectionOwner(this.#selection, (found) => done(found ?? None));
  }
}
