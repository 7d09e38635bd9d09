import type { PortFacts } from '../facts.ts';
import type { Check, Finding, Remedy } from '../finding.ts';
import { ADD_THE_PORT } from '../host-remedies.ts';

/** Programs that hold the port by right of their own, and how they are stopped for good: disabled units are started by their udev rule. */
const UNITS: Readonly<Record<string, string>> = {
  'spice-vdagentd': 'spice-vdagentd.socket spice-vdagentd.service',
};

/** The drop-in of our package for its unit takes effect. */
const BEHIND_CLIPMUXD = ['systemctl daemon-reload', 'systemctl restart spice-vdagentd.service'];

/** Whether there is a port to the host, and it is ours. */
export const port: Check = {
  title: 'the port to the host can be used',
  examine: ({ port: facts, control }) => {
    if (facts.problem === null) {
      // Without clipmuxd's word it was looked at only where clipmuxd cannot have it open.
      return control.state === 'answers' || control.state === 'missing' || control.state === 'refused' ? [] : null;
    }
    return [judge(facts, facts.problem)];
  },
};

function judge(facts: PortFacts, problem: NonNullable<PortFacts['problem']>): Finding {
  const { name } = facts;
  const error = (code: string, sentence: string, remedies: readonly Remedy[]): Finding => ({
    code,
    severity: 'error',
    sentence,
    remedies,
  });
  switch (problem.code) {
    case 'missing':
    case 'gone':
      if (name.startsWith('unix:')) return error('port-missing', `there is no socket ${name.slice(5)}`, SOCKET);
      return error('port-missing', `the virtual machine has no port ${name}: nothing leads to the host`, ADD_THE_PORT);
    case 'busy':
      return held(facts);
    case 'denied':
      return error('port-denied', `clipmuxd's user may not open ${name}`, [
        {
          where: 'as root, a rule in /etc/udev/rules.d/71-clipmux.rules',
          lines: [
            'SUBSYSTEM=="virtio-ports", ATTR{name}=="com.redhat.spice.0", GROUP="clipmux", MODE="0660"',
            'udevadm control --reload && udevadm trigger --subsystem-match=virtio-ports',
          ],
        },
        // systemd looks up the devices that the unit may use when it starts it: each controller has a number of its own.
        {
          where: 'where the rule is there: a controller that was plugged in since',
          lines: ['systemctl restart clipmuxd'],
        },
      ]);
    case 'host-absent':
    case 'refused':
      return error(
        'host-closed',
        `nobody is at the host's end of ${name}: the virtual machine has the port, but the host has not connected it`,
        [
          {
            where: 'on the host, connect a viewer if the display is SPICE; else see what the port is tied to',
            lines: ['virsh dumpxml DOMAIN | grep -A4 com.redhat.spice.0'],
          },
          ...ADD_THE_PORT.slice(0, 1),
        ],
      );
    default:
      return error('port-failed', `the port ${name} fails: ${problem.message}`, [
        { where: 'in the guest, as root', lines: ['journalctl -u clipmuxd -n 50', 'dmesg | grep -i virtio'] },
      ]);
  }
}

const SOCKET: readonly Remedy[] = [
  { where: 'start what is to listen there, for example', lines: ['clipmux-host --socket PATH --listen watch'] },
];

function held({ name, holder }: PortFacts): Finding {
  if (holder === null) {
    return {
      code: 'port-held',
      severity: 'error',
      sentence: `another process has ${name} open, and a port has one user`,
      remedies: [
        { where: 'as root, see which', lines: [`fuser -v ${name}`, 'clipmuxctl doctor'] },
        { where: 'mostly it is the stock agent, which the package puts behind clipmuxd', lines: BEHIND_CLIPMUXD },
      ],
    };
  }
  const units = UNITS[holder.name];
  return {
    code: 'port-held',
    severity: 'error',
    sentence: `${holder.name} (pid ${holder.pid}) has ${name} open, and a port has one user`,
    remedies: units
      ? [
          { where: 'in the guest, as root: the package puts it behind clipmuxd', lines: BEHIND_CLIPMUXD },
          { where: 'or do without it', lines: [mask(units)] },
        ]
      : [{ where: 'in the guest, as root', lines: [`kill ${holder.pid}`] }],
  };
}

function mask(units: string): string {
  return `systemctl mask --now ${units}`;
}
