import type { Connection } from '../x11/connection.ts';
import { NoEventMask, PropertyChangeMask, StructureNotifyMask } from '../x11/protocol.ts';

/** Something that is under way for a requestor's window and ends with it. */
export interface WindowUser {
  windowGone(): void;
}

/** Watches the windows of requestors for as long as something is under way for them. */
export class RequestorWindows {
  readonly #connection: Connection;
  readonly #users = new Map<number, Set<WindowUser>>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Has the user told when the window goes, and the window's property changes sent to us. */
  acquire(window: number, user: WindowUser): void {
    const users = this.#users.get(window);
    if (users !== undefined) {
      users.add(user);
      return;
    }
    this.#users.set(window, new Set([user]));
    this.#connection.selectEvents(window, StructureNotifyMask | PropertyChangeMask);
  }

  release(window: number, user: WindowUser): void {
    const users = this.#users.get(window);
    if (users === undefined || !users.delete(user) || users.size > 0) return;
    this.#users.delete(window);
    this.#connection.selectEvents(window, NoEventMask);
  }

  onWindowGone(window: number): void {
    const users = this.#users.get(window);
    if (users === undefined) return;
    this.#users.delete(window);
    for (const user of users) user.windowGone();
  }
}
