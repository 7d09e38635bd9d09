import { PASSWORD_MARK_TYPE } from './password-mark.ts';

/**
 * What a program offers on a selection, from the moment it is seen until something takes its place. Whether it is secret may take a
 * moment to find out; until then clipmuxd is not told of it, and none of its content may leave.
 */
export class ProgramOffer {
  readonly types: readonly string[];
  /** Serial of the last grab of clipmuxd's that had been applied when the program's was seen. */
  seen: number;
  /** Settles when `secret` is known. Never rejects. */
  readonly decided: Promise<void>;
  readonly #reading: AbortController | undefined;
  #secret: boolean | undefined;

  /** @param isSecret asks the program, where there is something to ask; never rejects */
  constructor(types: readonly string[], seen: number, isSecret: (signal: AbortSignal) => Promise<boolean>) {
    this.types = types;
    this.seen = seen;
    if (!types.includes(PASSWORD_MARK_TYPE)) {
      this.#secret = false;
      this.decided = Promise.resolve();
      return;
    }
    this.#reading = new AbortController();
    this.decided = isSecret(this.#reading.signal).then((secret) => {
      this.#secret = secret;
    });
  }

  /** Whether the program marks its content as a password; undefined while that is being found out. */
  get secret(): boolean | undefined {
    return this.#secret;
  }

  /** It does not hold any more: nothing need be found out. */
  end(): void {
    this.#reading?.abort();
  }
}
