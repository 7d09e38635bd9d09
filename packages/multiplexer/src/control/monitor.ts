import type { ControlEvent, ControlHappening } from '@clipmux/rpc';

/** Where a monitor's events go. */
export interface MonitorOutput {
  /** Bytes that wait for the reader. */
  readonly backlog: number;
  send(event: ControlEvent): void;
}

/** Passes events on to one reader, as far as it reads; of those that it is too slow for it is told the number. */
export class Monitor {
  readonly #output: MonitorOutput;
  readonly #backlogMax: number;
  readonly #now: () => number;
  #lost = 0;

  constructor(output: MonitorOutput, backlogMax: number, now: () => number) {
    this.#output = output;
    this.#backlogMax = backlogMax;
    this.#now = now;
  }

  /** Something has happened. */
  offer(happening: ControlHappening): void {
    if (this.#output.backlog > this.#backlogMax) {
      this.#lost += 1;
      return;
    }
    this.drained();
    this.#output.send({ ...happening, at: this.#now() });
  }

  /** The reader has caught up: it is told what it has missed. */
  drained(): void {
    if (this.#lost === 0) return;
    const count = this.#lost;
    this.#lost = 0;
    this.#output.send({ kind: 'lost', count, at: this.#now() });
  }
}
