import type { Check } from '../finding.ts';

/** Whether calls of sessions get to the host, where they are configured. */
export const hostCalls: Check = {
  title: 'calls of sessions get to the host',
  examine: ({ daemon }) => {
    if (daemon === null) return null;
    const { hostCalls: calls } = daemon.status;
    if (calls === null || calls.port.state === 'open') return [];
    const { port } = calls;
    return [
      {
        code: 'host-calls-closed',
        severity: 'warning',
        sentence: `the port for calls of sessions to the host is not open (${port.lastError?.message ?? port.state})`,
        remedies: [
          { where: 'on the host: add the channel to the machine', lines: ['docs/guest-agent-host.md shows it'] },
          { where: 'or, where none is wanted, in /etc/clipmux/clipmux.toml, remove', lines: ['[host-calls] port'] },
        ],
      },
    ];
  },
};
