import type { ControlLoginSession } from '@clipmux/rpc';
import type { DaemonFacts, Facts } from '../facts.ts';
import type { Check, Finding, Remedy } from '../finding.ts';

/** Whether the session in front of the user has an agent. */
export const agent: Check = {
  title: 'the active session has its agent',
  examine: (facts) => (facts.daemon === null ? withoutDaemon(facts) : withDaemon(facts, facts.daemon)),
};

function withDaemon(facts: Facts, { status, sessions }: DaemonFacts): readonly Finding[] | null {
  const { active } = status.logind;
  if (active !== null && isPersonsDesktop(active)) {
    if (sessions.some(({ logind }) => logind?.id === active.id)) return [];
    if (active.type === 'wayland' && !facts.displays.some(({ uid }) => uid === active.uid)) return null;
    const process = facts.processes.find(({ name, uid }) => name === 'clipmux-session' && uid === active.uid);
    if (process) {
      return [
        {
          code: 'agent-not-connected',
          severity: 'error',
          sentence: `the agent of ${active.user} runs (pid ${process.pid}), but is not connected for session ${active.id}`,
          remedies: [{ where: `as ${active.user}, see why`, lines: ['journalctl --user -u clipmux-session -n 20'] }],
        },
      ];
    }
    return [missing(`the session of ${active.user} (logind session ${active.id})`, active.user)];
  }
  if (sessions.length > 0) return [];
  return [
    {
      code: 'no-sessions',
      severity: 'warning',
      sentence: 'no session has an agent: nobody is logged in to a desktop, or no agent was started',
      remedies: [startAgent('the user of the session')],
    },
  ];
}

function withoutDaemon({ desktop, processes, user }: Facts): readonly Finding[] | null {
  if (desktop.display === '' && desktop.waylandDisplay === '') return null;
  if (processes.some(({ name, uid }) => name === 'clipmux-session' && uid === user.uid)) return [];
  return [missing('this session', user.name)];
}

function missing(whose: string, user: string): Finding {
  return {
    code: 'agent-missing',
    severity: 'error',
    sentence: `${whose} has no agent: its desktop or window manager did not start one (many honour no autostart)`,
    remedies: [
      startAgent(user),
      {
        where: "for every login, in the window manager's start file (~/.xinitrc, ~/.config/i3/config …)",
        lines: ['clipmux-session &'],
      },
    ],
  };
}

/** By the unit, which starts it again should it fail; systemd does not know the session's display by itself. */
function startAgent(user: string): Remedy {
  return {
    where: `for now, as ${user}, in that session`,
    lines: [
      'systemctl --user import-environment DISPLAY XAUTHORITY XDG_SESSION_ID && systemctl --user start clipmux-session',
    ],
  };
}

function isPersonsDesktop({ class: kind, type }: ControlLoginSession): boolean {
  return kind === 'user' && (type === 'x11' || type === 'wayland');
}
