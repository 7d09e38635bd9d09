import { Capability, CapabilitySet } from '@clipmux/vdagent';

/** What clipmuxd announces. Text crosses as it is (LF); the host's largest clipboard and grab serials are honoured. */
export const OWN_CAPABILITIES = CapabilitySet.of(
  Capability.CLIPBOARD_BY_DEMAND,
  Capability.CLIPBOARD_SELECTION,
  Capability.GUEST_LINEEND_LF,
  Capability.MAX_CLIPBOARD,
  Capability.CLIPBOARD_NO_RELEASE_ON_REGRAB,
  Capability.CLIPBOARD_GRAB_SERIAL,
);
