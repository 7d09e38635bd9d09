import { Claims } from '../owner/claims.ts';
import { packAtoms } from '../owner/multiple.ts';
import type { Ownership } from '../owner/ownership.ts';
import type { Requestor } from '../requestor/requestor.ts';
import type { TransferRequest, TransferResult } from '../requestor/transfer.ts';
import type { AtomCache } from '../x11/atoms.ts';
import type { Connection, Reply } from '../x11/connection.ts';
import type { OwnerNotifyEvent } from '../x11/events.ts';
import { XA_ATOM } from '../x11/protocol.ts';
import type { ServerTime } from '../x11/server-time.ts';
import { Outbox } from './outbox.ts';
import { SelectionWatcher } from './selection-watcher.ts';

const SELECTION = 77;
const OURS = 1;

/** What the listener of a backend knows of the selection. */
export type Belief = 'nothing' | 'nobody' | 'ours' | 'news to come' | { readonly program: number };

/**
 * One selection of an X server, with the ways to and from it as queues, so that a test can let requests, replies
 * and events travel in any order that a real connection permits. Programs are windows from 2 on.
 */
export class SimulatedDisplay {
  readonly outbox: Outbox;
  readonly watcher: SelectionWatcher;
  readonly claims: Claims;
  belief: Belief = 'nothing';
  /** Violations of the order that the backend promises. */
  readonly violations: string[] = [];
  owner = 0;
  readonly #requests: (() => void)[] = [];
  readonly #messages: (() => void)[] = [];
  /** Programs' takings and our own, counted in the server's order. */
  #order = 0;
  readonly #takenAt = new Map<number, number>();
  #clearedAt = 0;
  #lastChange = 0;
  #time = 1000;
  /** What is thought here to be the time; the events that tell it correct it. */
  #reckoned = 1000;
  #program = 1;
  /** The newest attempt to take it that we have sent, with its place in that order; 0 until the server has accepted it. */
  #attempt = { order: 0 };
  /** Calls wait here until those before them have been sent. */
  readonly #queue: (() => void)[] = [];
  /** The place of the newest `own` that returned true, and of the newest news. */
  #ownedAt = 0;
  #told = 0;

  constructor() {
    this.outbox = new Outbox((_, news) => {
      const program = news.kind === 'offer' ? Number(news.types[0]?.slice('program/'.length)) : undefined;
      const order = program === undefined ? this.#clearedAt : this.#takenAt.get(program);
      if (order === undefined) return void this.violations.push(`told of what no program offers: ${news.kind}`);
      if (order < this.#ownedAt) this.violations.push(`told ${news.kind} which an own has superseded`);
      this.#told = Math.max(this.#told, order);
      this.belief = program === undefined ? 'nobody' : { program };
    });
    const connection = {
      setSelectionOwner: (owner: number, _: number, time: number) => {
        const attempt = { order: 0 };
        if (owner === OURS) this.#attempt = attempt;
        this.#send(() => {
          if (this.#set(owner, time, false)) attempt.order = this.#order;
        });
      },
      getSelectionOwner: (_: number, reply: Reply<number>) =>
        this.#send(() => {
          const { owner } = this;
          this.#messages.push(() => reply(owner));
        }),
      sync: (reply: () => void) => this.#send(() => this.#messages.push(reply)),
    } as unknown as Connection;
    const serverTime = {
      reckon: () => this.#reckoned,
      ask: (reply: (time: number) => void) =>
        this.#send(() => {
          const time = this.#time;
          this.#messages.push(() => {
            this.#reckoned = Math.max(this.#reckoned, time);
            reply(time);
          });
        }),
    } as unknown as ServerTime;
    const requestor = {
      convert: (_: TransferRequest, done: (result: TransferResult) => void) => this.#convert(done),
    } as unknown as Requestor;
    const atoms = {
      get: () => 5,
      names: (numbers: number[], done: (names: string[]) => void) => done(numbers.map((n) => `program/${n}`)),
    } as unknown as AtomCache;
    const context = { requestor, atoms, outbox: this.outbox, window: OURS };
    this.watcher = new SelectionWatcher('clipboard', SELECTION, context);
    this.claims = new Claims(connection, serverTime, OURS, SELECTION, this.watcher);
  }

  #send(request: () => void): void {
    this.#requests.push(request);
  }

  #convert(done: (result: TransferResult) => void) {
    let open = true;
    const finish = (result: TransferResult) => {
      if (open) done(result);
      open = false;
    };
    this.#send(() => {
      const bytes = packAtoms([this.owner]);
      if (this.owner > OURS) this.#messages.push(() => finish({ type: XA_ATOM, format: 32, bytes }));
    });
    return { abandon: finish, ownerLost: finish };
  }

  #set(owner: number, time: number, died: boolean): boolean {
    if (time < this.#lastChange || time > this.#time) return false; // as ProcSetSelectionOwner does
    this.#lastChange = time;
    this.owner = owner;
    this.#order++;
    if (owner === 0) this.#clearedAt = this.#order;
    else this.#takenAt.set(owner, this.#order);
    const event: OwnerNotifyEvent = { kind: 'owner-notify', selection: SELECTION, owner, died, time };
    this.#messages.push(() => {
      this.#reckoned = Math.max(this.#reckoned, time);
      this.claims.ownerChanged(event);
      this.watcher.ownerChanged(event);
    });
    return true;
  }

  tick(): void {
    this.#time++;
  }

  /** Our clock has gone on too, and perhaps a little faster than the server's. */
  reckon(ahead: number): void {
    this.#reckoned = Math.max(this.#reckoned, this.#time + ahead);
  }

  /**
   * A program copies; never in the millisecond of our own taking, because a release of ours that is on its way would
   * then end the program's ownership too, and nobody can prevent it: the server compares milliseconds.
   */
  programTakes(): void {
    if (this.owner === OURS) this.tick();
    this.#set(++this.#program, this.#time, false);
  }

  /** The program that owns the selection ends. */
  programDies(): void {
    if (this.owner > OURS) this.#set(0, this.#time, true);
  }

  /** The server reads our next request. */
  processRequest(): void {
    this.#requests.shift()?.();
  }

  /** We read the server's next message. */
  deliverMessage(): void {
    this.#messages.shift()?.();
  }

  async own(): Promise<void> {
    let attempt = this.#attempt;
    const ownership = { time: 0, ended: false, end: () => {} } as unknown as Ownership;
    const stands = await new Promise<boolean>((resolve) =>
      this.#enqueue((sent) => {
        const noteAttempt = () => {
          attempt = this.#attempt;
          sent();
        };
        this.claims.take(ownership, noteAttempt, resolve);
      }),
    );
    this.belief = stands ? 'ours' : 'news to come';
    if (!stands) return;
    this.#ownedAt = attempt.order;
    if (this.#told > this.#ownedAt) this.violations.push('told of what came after an own before that has returned');
  }

  async disown(): Promise<void> {
    await new Promise<void>((resolve) => this.#enqueue((sent) => this.claims.release(sent, resolve)));
    if (this.belief === 'ours') this.belief = 'nobody';
  }

  #enqueue(start: (sent: () => void) => void): void {
    const run = () =>
      start(() => {
        this.#queue.shift();
        this.#queue[0]?.();
      });
    this.#queue.push(run);
    if (this.#queue.length === 1) run();
  }

  get hasMessages(): boolean {
    return this.#messages.length > 0;
  }

  get isIdle(): boolean {
    return this.#requests.length === 0 && this.#messages.length === 0;
  }
}
