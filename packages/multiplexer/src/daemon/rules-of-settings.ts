import type { DirectionRule, Rules, Selection } from '../arbiter/index.ts';
import type { Direction, DirectionSettings, Settings } from '../config/index.ts';
import type { HostKind } from '../host-link/index.ts';

/**
 * What the settings allow with this host. A direction that is not set is open, except for PRIMARY to QEMU's vdagent: its
 * notification to VNC names no selection, so that text marked with the mouse would overwrite the viewer's clipboard
 * (`ui/vnc-clipboard.c`).
 */
export function rulesOfSettings(settings: Settings, host: HostKind | null): Rules {
  const primary = settings.primary.direction ?? (host === 'qemu' ? 'host-to-guest' : 'both');
  const directions: Readonly<Record<Selection, Direction>> = {
    clipboard: settings.clipboard.direction ?? 'both',
    primary,
  };
  const rule = (selection: Selection, direction: Direction, { types }: DirectionSettings): DirectionRule => ({
    allowed: directions[selection] === 'both' || directions[selection] === direction,
    types,
  });
  const { guestToHost, hostToGuest, privacy } = settings;
  return {
    toHost: {
      clipboard: rule('clipboard', 'guest-to-host', guestToHost),
      primary: rule('primary', 'guest-to-host', guestToHost),
    },
    toSession: {
      clipboard: rule('clipboard', 'host-to-guest', hostToGuest),
      primary: rule('primary', 'host-to-guest', hostToGuest),
    },
    withholdSecrets: privacy.passwordHint === 'withhold',
    maxBytesToHost: guestToHost.maxBytes,
  };
}
