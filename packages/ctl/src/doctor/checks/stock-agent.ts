import type { Check } from '../finding.ts';

/** Whether somebody does what a SPICE host sends beside the clipboard. */
export const stockAgent: Check = {
  title: 'what is not of the clipboard is done by somebody, or not sent',
  examine: ({ daemon }) => {
    if (daemon === null || daemon.status.port.state !== 'open') return null;
    const { host, relay } = daemon.status;
    if (host.kind !== 'spice' || relay.connected) return [];
    return [
      {
        code: 'stock-agent-missing',
        severity: 'warning',
        sentence:
          'the host speaks SPICE, and no stock agent is connected: the pointer (in client mouse mode), resizing, audio volume and file drop do not work',
        remedies: [
          ...(relay.socket === null || relay.problem !== null
            ? [{ where: 'in the guest, see why it cannot connect', lines: ['clipmuxctl status', 'clipmuxctl config'] }]
            : [
                {
                  where: 'in the guest, as root; it connects when somebody is logged in',
                  lines: ['apt-get install spice-vdagent', 'systemctl restart spice-vdagentd'],
                },
              ]),
          {
            where: "or, for the pointer alone, on the host, in QEMU's option -spice (libvirt: <mouse mode='server'/>)",
            lines: ['agent-mouse=off'],
          },
        ],
      },
    ];
  },
};
