import type { Connection } from '../x11/connection.ts';
import type { OwnerNotifyEvent } from '../x11/events.ts';
import { None } from '../x11/protocol.ts';
import type { ServerTime } from '../x11/server-time.ts';
import type { Ownership } from './ownership.ts';

/** What a claim came to: a taking stands or failed, or the selection was given up. */
export type ClaimOutcome = 'stands' | 'failed' | 'released';

/** Told of claims, so that news of programs can be held back meanwhile. */
export interface ClaimObserver {
  /** A request that changes the owner has been sent. */
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
   * Takes the selection. `sent` is called when that has been sent: requests that are to come later may follow.
   * `done` is told whether it stands.
   */
  take(ownership: Ownership, sent: () => void, done: (stands: boolean) => void): void {
    this.#serverTime.ask((time) => {
      ownership.time = time;
      this.#pending.push(ownership);
      this.#claim(this.#window, time, (owner) => {
        const waiting = this.#pending.indexOf(ownership);
        if (waiting !== -1) this.#pending.splice(waiting, 1); // the server found it too late, and told no change
        const stands = this.#current === ownership;
        this.#observer.endClaim(owner, time, stands ? 'stands' : 'failed');
        done(stands);
      });
      sent();
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
    this.#current?.end();
    this.#current = event.owner === this.#window ? this.#pending.shift() : undefined;
  }

  /** The display is gone. */
  stop(): void {
    this.#current?.end();
    this.#current = undefined;
    this.#pending.length = 0;
  }

  /** Sends a change of the owner; `done` is told who owned the selection just after it. */
  #claim(owner: number, time: number, done: (owner: number) => void): void {
    this.#observer.beginClaim();
    this.#connection.setSelectionOwner(owner, this.#selection, time);
    this.#connection.getSelectionOwner(this.#selection, (found) => done(found ?? None));
  }
}
