import { HostError } from '../errors.ts';
import { WAITING_COMMANDS_MAX } from './limits.ts';

/** Commands one after another, in the order in which they were asked for, whatever comes of those before. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #commands = 0;

  /** @throws {HostError} `too-many-commands`, or what `run` throws */
  take<T>(run: () => Promise<T>): Promise<T> {
    if (this.#commands >= WAITING_COMMANDS_MAX) {
      return Promise.reject(
        new HostError('too-many-commands', `${this.#commands} commands wait for the guest agent already`),
      );
    }
    this.#commands += 1;
    const done = this.#last.then(run);
    this.#last = done.then(
      () => {},
      () => {},
    );
    return done.finally(() => {
      this.#commands -= 1;
    });
  }
}
