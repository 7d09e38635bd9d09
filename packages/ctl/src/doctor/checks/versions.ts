import type { Check, Finding } from '../finding.ts';

/** Whether all parts come from one version. */
export const versions: Check = {
  title: 'clipmuxd, the agents and clipmuxctl have the same version',
  examine: ({ daemon, version }) => {
    if (daemon === null) return null;
    const { status, sessions } = daemon;
    const findings: Finding[] = [];
    if (status.version !== version) {
      findings.push({
        code: 'version-ctl',
        severity: 'warning',
        sentence: `clipmuxd has version ${status.version}, clipmuxctl ${version}: one was upgraded and the other not restarted`,
        remedies: [{ where: 'in the guest, as root', lines: ['systemctl restart clipmuxd'] }],
      });
    }
    for (const { id, user, agent } of sessions) {
      if (agent.version === status.version) continue;
      findings.push({
        code: 'version-agent',
        severity: 'warning',
        sentence: `the agent of session ${id} (${user}) is ${agent.name} ${agent.version}, clipmuxd ${status.version}`,
        // However the agent was started; the unit would find the old one there and end.
        remedies: [{ where: `as ${user}`, lines: ['log out and in again'] }],
      });
    }
    return findings;
  },
};
