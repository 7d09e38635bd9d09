import type { ClipboardSelection } from '@clipmux/vdagent';
import type { Manner } from './options.ts';

/**
 * The host's half of GRAB_SERIAL: numbers its own grabs and tells which of the guest's came too late.
 * Per selection; 0 when capabilities are exchanged.
 */
export class GrabSerials {
  readonly #manner: Manner;
  readonly #last = [0, 0, 0];

  constructor(manner: Manner) {
    this.#manner = manner;
  }

  /** The serial of the host's next grab (QEMU: `last_serial++`; spice-gtk: `agent_clipboard_serial++`). */
  next(selection: ClipboardSelection): number {
    const serial = this.#last[selection] as number;
    this.#last[selection] = (serial + 1) >>> 0;
    return serial;
  }

  /**
   * Whether a grab of the guest's counts. QEMU discards one whose serial is lower than the last it saw; spice-gtk takes only the
   * very serial that it expects. So in a race, when both have used the same serial, the host wins in both.
   */
  accept(selection: ClipboardSelection, serial: number): boolean {
    const last = this.#last[selection] as number;
    if (this.#manner === 'qemu') {
      if (serial < last) return false;
      this.#last[selection] = serial;
      return true;
    }
    if (serial !== last) return false;
    this.#last[selection] = (last + 1) >>> 0;
    return true;
  }

  /** Capabilities are exchanged anew. */
  reset(): void {
    this.#last.fill(0);
  }
}
