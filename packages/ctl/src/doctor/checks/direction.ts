import { SELECTIONS, type Selection } from '@clipmux/rpc';
import type { Check, Finding, Remedy } from '../finding.ts';

/** Whether the settings let the clipboard cross both ways. */
export const direction: Check = {
  title: 'the settings let the clipboard cross both ways',
  examine: ({ daemon }) => {
    if (daemon === null) return null;
    const { direction: directions, types } = daemon.status.settings;
    const findings: Finding[] = [];
    for (const selection of SELECTIONS) {
      const now = directions[selection];
      if (now === 'both') continue;
      // The default of PRIMARY is one way on some hosts, and few expect more of it.
      if (selection === 'primary' && now === 'host-to-guest') continue;
      findings.push({
        code: now === 'off' ? 'direction-off' : 'direction-one-way',
        severity: selection === 'clipboard' && now === 'off' ? 'warning' : 'note',
        sentence:
          now === 'off'
            ? `the configuration switches ${selection} off: nothing crosses`
            : `the configuration lets ${selection} cross only from ${now === 'host-to-guest' ? 'the host to the guest' : 'the guest to the host'}`,
        remedies: [setDirection(selection)],
      });
    }
    for (const [way, allowed] of Object.entries(types)) {
      if (allowed === null || allowed.some((type) => type.startsWith('text/'))) continue;
      findings.push({
        code: 'types-without-text',
        severity: 'note',
        sentence: `the configuration lets no text cross from ${way === 'hostToGuest' ? 'the host to the guest' : 'the guest to the host'}`,
        remedies: [{ where: 'see the settings', lines: ['clipmuxctl config'] }],
      });
    }
    return findings;
  },
};

function setDirection(selection: Selection): Remedy {
  return {
    where: 'as root, in /etc/clipmux/clipmux.toml, then clipmuxctl reload',
    lines: [`[${selection}]`, 'direction = "both"'],
  };
}
