import { dialectErrors, FROZEN_REASON } from '@clipmux/guest-agent';
import type { Freeze } from '../upstream/freeze.ts';

/** Which commands may be called, as the configuration says. */
export interface CommandLists {
  /** Null: all. */
  readonly allow: readonly string[] | null;
  readonly block: readonly string[];
}

/** Says which commands may be called now: by the lists, and while file systems are frozen. */
export class CommandFilter {
  readonly #lists: () => CommandLists;
  readonly #freeze: Freeze;

  constructor(lists: () => CommandLists, freeze: Freeze) {
    this.#lists = lists;
    this.#freeze = freeze;
  }

  readonly isEnabled = (command: string): boolean => this.#isListed(command) && this.#freeze.allows(command);

  /** @throws {GuestAgentError} where the command may not be called, as qemu-ga says so; also where there is no such command */
  check(command: string): void {
    if (!this.#isListed(command)) throw dialectErrors.disabled(command);
    if (!this.#freeze.allows(command)) throw dialectErrors.disabled(command, FROZEN_REASON);
  }

  #isListed(command: string): boolean {
    const { allow, block } = this.#lists();
    return !block.includes(command) && (allow === null || allow.includes(command));
  }
}
