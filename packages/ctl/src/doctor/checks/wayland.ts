import type { Check, Finding } from '../finding.ts';

/** Whether a Wayland session has XWayland, through which the agent works. */
export const wayland: Check = {
  title: 'the session has an X display (XWayland on Wayland)',
  examine: ({ daemon, desktop, displays }) => {
    const active = daemon?.status.logind.active;
    if (active?.type === 'wayland' && active.class === 'user') {
      if (displays.some(({ uid }) => uid === active.uid)) return [];
      return [without(`the session of ${active.user} (logind session ${active.id})`)];
    }
    if (desktop.waylandDisplay !== '' && desktop.display === '') return [without('this session')];
    return active || desktop.display !== '' ? [] : null;
  },
};

function without(whose: string): Finding {
  return {
    code: 'wayland-without-xwayland',
    severity: 'error',
    sentence: `${whose} is Wayland without XWayland, and clipmux-session needs an X display`,
    remedies: [
      { where: 'install XWayland, and see that the compositor starts it', lines: ['apt-get install xwayland'] },
      { where: 'Sway and Hyprland: in the configuration', lines: ['xwayland enable', 'xwayland { enabled = true }'] },
    ],
  };
}
