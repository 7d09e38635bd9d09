import { Capability, CapabilitySet } from '@clipmux/vdagent';

/**
 * Whom we speak to, as far as its capabilities tell. It matters in three places: what an empty answer looks like, whether an
 * answer can fail to come at all, and whether a regrab needs a release before it.
 */
export type HostKind = 'qemu' | 'spice';

/** All that QEMU's vdagent chardev ever announces (`ui/vdagent.c`, `vdagent_send_caps`). A SPICE client announces more. */
const QEMU_CAPABILITIES = CapabilitySet.of(
  Capability.MOUSE_STATE,
  Capability.CLIPBOARD_BY_DEMAND,
  Capability.CLIPBOARD_SELECTION,
  Capability.CLIPBOARD_GRAB_SERIAL,
);

export function hostKindOf(capabilities: CapabilitySet): HostKind {
  return capabilities.equals(capabilities.intersection(QEMU_CAPABILITIES)) ? 'qemu' : 'spice';
}
