import { SELECTIONS, type Selection } from '../arbiter/index.ts';

/**
 * The guest's side of CLIPBOARD_GRAB_SERIAL, by which both sides find out whose grab counts when two cross.
 * Per selection, from 0 when capabilities are exchanged.
 *
 * Source: `vd_agent.h`, `VD_AGENT_CAP_CLIPBOARD_GRAB_SERIAL`; spice-vdagent's `vdagentd.c`, `clipboard_grab` handling.
 */
export class GrabSerials {
  readonly #expected = new Map<Selection, number>();

  constructor() {
    this.reset();
  }

  /** Capabilities were exchanged anew. */
  reset(): void {
    for (const selection of SELECTIONS) this.#expected.set(selection, 0);
  }

  /**
   * Whether a grab of the host's counts. One with the expected serial does; so does one with the serial before, which crossed
   * a grab of ours: the client wins. Any other is out of date.
   */
  acceptHostGrab(selection: Selection, serial: number): boolean {
    const expected = this.#expected.get(selection) ?? 0;
    if (serial === expected) {
      this.#expected.set(selection, next(expected));
      return true;
    }
    return next(serial) === expected;
  }

  /** The serial for a grab of ours that is going out now. */
  takeForGuestGrab(selection: Selection): number {
    const serial = this.#expected.get(selection) ?? 0;
    this.#expected.set(selection, next(serial));
    return serial;
  }
}

/** Serials are `u32` and wrap. */
function next(serial: number): number {
  return (serial + 1) >>> 0;
}
