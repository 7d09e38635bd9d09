import type { Check, Finding } from '../finding.ts';

const FOLLOW = { where: 'let the active session take part', lines: ['clipmuxctl select --follow'] };

/** What a policy that names a session begins with. */
const PINNED = 'pinned:';

/** Whether policy or a lock keeps the session in front of the user out. */
export const policy: Check = {
  title: 'policy and locks let the active session take part',
  examine: ({ daemon }) => {
    if (daemon === null) return null;
    const { status, sessions } = daemon;
    const found = (code: string, severity: Finding['severity'], sentence: string, remedies: Finding['remedies']) => [
      { code, severity, sentence, remedies },
    ];
    if (status.policy === 'off') {
      return found('policy-off', 'warning', "the policy is off: no session uses the host's clipboard", [FOLLOW]);
    }
    if (status.policy.startsWith(PINNED)) {
      const pinned = sessions.find(({ id }) => `${PINNED}${id}` === status.policy);
      const { active } = status.logind;
      if (pinned === undefined) {
        const sentence = `the policy is ${status.policy}, but that session is not connected: none takes part`;
        return found('policy-pinned-absent', 'warning', sentence, [FOLLOW]);
      }
      if (active?.class === 'user' && pinned.logind?.id !== active.id) {
        const sentence = `the policy is ${status.policy}: the active session (${active.user}) does not take part`;
        return found('policy-pinned', 'note', sentence, [FOLLOW]);
      }
    }
    if (status.eligible.reason !== 'locked') return [];
    return found('session-locked', 'note', 'the session is locked: it takes part again once it is unlocked', []);
  },
};
