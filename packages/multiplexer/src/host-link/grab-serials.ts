import { SELECTIONS, type Selection } from '../arbiter/index.ts';

/** What a host's grab is by its serial: it counts; a later one of ours has taken its place; or it is one that this link cannot have come to. */
export type HostGrabStanding = 'counts' | 'out-of-date' | 'ahead';

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
   * What to make of a grab of the host's. One with the expected serial counts; so does one with the serial before, which crossed
   * a grab of ours: the client wins. An older one is out of date. A newer one says that the two sides do not count from the same beginning:
   * this guest is a snapshot that was restored, while its host went on.
   */
  takeHostGrab(selection: Selection, serial: number): HostGrabStanding {
    const expected = this.#expected.get(selection) ?? 0;
    if (serial === expected) {
      this.#expected.set(selection, next(expected));
      return 'counts';
    }
    if (next(serial) === expected) return 'counts';
    return (serial - expected) >>> 0 < HALF_OF_SERIALS ? 'ahead' : 'out-of-date';
  }

  /** The serial for a grab of ours that is going out now. */
  takeForGuestGrab(selection: Selection): number {
    const serial = this.#expected.get(selection) ?? 0;
    this.#expected.set(selection, next(serial));
    return serial;
  }
}

/** Serials are `u32` and wrap: of two, the one is ahead that is reached from the other in fewer steps. */
const HALF_OF_SERIALS = 2 ** 31;

/** Serials are `u32` and wrap. */
function next(serial: number): number {
  return (serial + 1) >>> 0;
}
