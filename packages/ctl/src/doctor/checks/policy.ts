import type { Check, Finding } from '../finding.ts';

const FOLLOW = { where: 'let the active session take part', lines: ['clipmuxctl select --follow'] };

/** Whether policy or a lock keeps the session in front of the user out. */
export const policy: Check = {
  title: 'policy and locks let the active session take part',
  examine: ({ daemon }) => {
    if (daemon === null) return null;
    const { status, sessions } = daemon;
    const found = (code: string, severity: Finding['severity'], sentence: string, remedies: Finding['remedies']) => [
      { code, severity, sentence, remedies },
    ];
    switch (status.eligible.reason) {
      case 'policy-off':
        return found('policy-off', 'warning', "the policy is off: no session uses the host's clipboard", [FOLLOW]);
      case 'pinned-absent':
        return found(
          'policy-pinned-absent',
          'warning',
          `the policy is ${status.policy}, but that session is not connected: none takes part`,
          [FOLLOW],
        );
      case 'locked':
        return found('session-locked', 'note', 'the session is locked: it takes part again once it is unlocked', []);
      case 'pinned': {
        const active = status.logind.active;
        const pinned = sessions.find(({ id }) => id === status.eligible.session);
        if (active === null || active.class !== 'user' || pinned?.logind?.id === active.id) return [];
        return found(
          'policy-pinned',
          'note',
          `the policy is ${status.policy}: the active session (${active.user}) does not take part`,
          [FOLLOW],
        );
      }
      default:
        return [];
    }
  },
};
