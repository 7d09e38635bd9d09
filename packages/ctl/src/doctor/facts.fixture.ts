import type { ControlLoginSession, SessionEntry, Status } from '@clipmux/rpc';
import type { Facts } from './facts.ts';

/** A clipmuxd where all is well, with one session. */
export const STATUS: Status = {
  version: '1.2.3',
  protocol: 1,
  pid: 10,
  since: 0,
  port: { name: '/dev/virtio-ports/com.redhat.spice.0', state: 'open', since: 1000, lastError: null },
  host: { attached: true, kind: 'qemu', capabilities: ['clipboard-by-demand'], clipboard: true, maxClipboard: null },
  hostCalls: null,
  relay: { socket: '/run/clipmux/vdagent.sock', problem: null, connected: false, since: 1, capabilities: [] },
  policy: 'active',
  eligible: { session: 1, reason: 'active-on-seat' },
  logind: {
    available: true,
    reason: null,
    active: {
      id: '2',
      uid: 1000,
      user: 'alice',
      seat: 'seat0',
      type: 'x11',
      class: 'user',
      active: true,
      locked: false,
    },
  },
  owners: { clipboard: { kind: 'nobody', types: [] }, primary: { kind: 'nobody', types: [] } },
  sessions: 1,
  settings: {
    files: [],
    direction: { clipboard: 'both', primary: 'host-to-guest' },
    types: { hostToGuest: null, guestToHost: null },
    maxBytes: { hostToGuest: 1024, guestToHost: 1024 },
    withholdSecrets: true,
    logLevel: 'info',
  },
  warnings: [],
  errors: [],
};

export const ACTIVE = STATUS.logind.active as ControlLoginSession;

export const SESSION: SessionEntry = {
  id: 1,
  uid: 1000,
  user: 'alice',
  pid: 20,
  display: ':0',
  logind: ACTIVE,
  agent: { name: 'clipmux-session', version: '1.2.3' },
  since: 0,
  eligible: true,
  offers: { clipboard: null, primary: null },
  counters: { copies: 0, pastes: 0, bytesToHost: 0, bytesToSession: 0, refused: 0 },
};

/** Nothing is wrong. */
export const HEALTHY: Facts = {
  now: 1_000_000,
  version: '1.2.3',
  user: { uid: 1000, name: 'alice' },
  control: { path: '/run/clipmux/control.sock', state: 'answers', message: '' },
  daemon: { status: STATUS, sessions: [SESSION] },
  port: { name: STATUS.port.name, problem: null, holder: null },
  processes: [
    { pid: 10, uid: 990, name: 'clipmuxd' },
    { pid: 20, uid: 1000, name: 'clipmux-session' },
  ],
  desktop: { sessionType: 'x11', display: ':0', waylandDisplay: '', problem: null },
  displays: [{ name: ':0', uid: 1000 }],
};

/** The facts with another status. */
export function withStatus(changes: Partial<Status>, sessions: readonly SessionEntry[] = [SESSION]): Facts {
  return { ...HEALTHY, daemon: { status: { ...STATUS, ...changes }, sessions } };
}
