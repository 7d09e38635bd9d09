import type { Check, Remedy } from '../finding.ts';

const REMEDIES: Readonly<Record<string, Remedy>> = {
  'display-invalid': { where: 'in the session', lines: ['export DISPLAY=:0'] },
  'display-unreachable': {
    where: 'see which displays there are, and name one',
    lines: ['ls /tmp/.X11-unix', 'export DISPLAY=:0'],
  },
  'display-refused': {
    where: "name the session's file of cookies (its place is in the environment of the session's programs)",
    lines: ['systemctl --user show-environment | grep -e XAUTHORITY -e DISPLAY', 'export XAUTHORITY=$HOME/.Xauthority'],
  },
  'xfixes-missing': { where: 'use an X server that has XFIXES', lines: ['xdpyinfo | grep XFIXES'] },
};

/** Whether the X display of the environment can be used, as clipmux-session would use it. */
export const display: Check = {
  title: 'the X display of this session can be used',
  examine: ({ desktop }) => {
    if (desktop.display === '') {
      if (desktop.sessionType !== 'x11') return null;
      return [
        {
          code: 'display-unset',
          severity: 'error',
          sentence: 'this is an X11 session, but DISPLAY is not set: no program can be shown, nor an agent work',
          remedies: [REMEDIES['display-unreachable'] as Remedy],
        },
      ];
    }
    if (desktop.problem === null) return [];
    const { code, message } = desktop.problem;
    const remedy = REMEDIES[code];
    return [{ code, severity: 'error', sentence: message, remedies: remedy ? [remedy] : [] }];
  },
};
