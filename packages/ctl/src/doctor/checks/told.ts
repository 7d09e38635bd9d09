import { duration } from '../../format/text.ts';
import type { Check } from '../finding.ts';

/** Errors younger than this, in milliseconds, are likely to be what the user is asking about. */
const RECENT_MS = 10 * 60_000;
/** So many of them are shown. */
const SHOWN = 3;

/** What clipmuxd itself complains of. */
export const told: Check = {
  title: 'clipmuxd has nothing to complain of',
  examine: ({ daemon, now }) => {
    if (daemon === null) return null;
    const { warnings, errors } = daemon.status;
    const findings = warnings.map((sentence) => ({
      code: 'daemon-warning',
      severity: 'note' as const,
      sentence,
      remedies: [],
    }));
    const recent = errors.filter(({ at }) => now - at <= RECENT_MS).slice(-SHOWN);
    return [
      ...findings,
      ...recent.map(({ at, message }) => ({
        code: 'recent-error',
        severity: 'warning' as const,
        sentence: `${duration(now - at)} ago: ${message}`,
        remedies: [{ where: 'in the guest, as root', lines: ['journalctl -u clipmuxd -n 50'] }],
      })),
    ];
  },
};
