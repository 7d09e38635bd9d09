import type { Check } from '../finding.ts';
import { SHARE_THE_CLIPBOARD } from '../host-remedies.ts';

/** How long the host's end may take to announce itself, in milliseconds; QEMU and SPICE clients do at once. */
const ANNOUNCE_WITHIN_MS = 5_000;

/** Whether the host's end speaks to us, and about the clipboard. */
export const host: Check = {
  title: "the host's end shares its clipboard",
  examine: ({ daemon, now }) => {
    if (daemon === null || daemon.status.port.state !== 'open') return null;
    const { host: end, port } = daemon.status;
    if (!end.attached) {
      if (now - port.since < ANNOUNCE_WITHIN_MS) return null;
      return [
        {
          code: 'host-silent',
          severity: 'error',
          sentence: `something has ${port.name} open at the host's end but does not speak vdagent, or no SPICE viewer is connected`,
          remedies: [
            {
              where: 'on the host, see what the port is tied to',
              lines: ['virsh dumpxml DOMAIN | grep -A4 com.redhat.spice.0'],
            },
            ...SHARE_THE_CLIPBOARD.slice(0, 1),
          ],
        },
      ];
    }
    if (end.clipboard) return [];
    return [
      {
        code: 'host-no-clipboard',
        severity: 'error',
        sentence: "the host's end is there but announces no clipboard: it is switched off on the host",
        remedies: SHARE_THE_CLIPBOARD,
      },
    ];
  },
};
