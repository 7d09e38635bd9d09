import { MAX_CONVERSIONS, MAX_CONVERSIONS_PER_CLIENT } from '../limits.ts';

/** Counts the conversions under way, in all and for each client of the X server. */
export class ConversionCount {
  readonly #clientOf: (window: number) => number;
  readonly #perClient = new Map<number, number>();
  #total = 0;

  constructor(clientOf: (window: number) => number) {
    this.#clientOf = clientOf;
  }

  /** Counts one more, unless that were one too many; then it returns false. */
  begin(window: number): boolean {
    const count = this.#perClient.get(this.#clientOf(window)) ?? 0;
    if (this.#total >= MAX_CONVERSIONS || count >= MAX_CONVERSIONS_PER_CLIENT) return false;
    this.add(window);
    return true;
  }

  /** Counts one more that was let in already. */
  add(window: number): void {
    const client = this.#clientOf(window);
    this.#total++;
    this.#perClient.set(client, (this.#perClient.get(client) ?? 0) + 1);
  }

  end(window: number): void {
    const client = this.#clientOf(window);
    const count = this.#perClient.get(client) ?? 0;
    this.#total--;
    if (count > 1) this.#perClient.set(client, count - 1);
    else this.#perClient.delete(client);
  }
}
