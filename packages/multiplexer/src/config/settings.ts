import type { LogLevel } from '@clipmux/posix';

/** Which session uses the host's clipboard. */
export type Policy =
  /** The one that logind calls active. */
  | { readonly kind: 'active' }
  /** The one with this id, active or not, as long as it is connected and not locked. */
  | { readonly kind: 'pinned'; readonly session: number }
  /** None. */
  | { readonly kind: 'off' };

/** The directions in which a selection may cross. */
export const DIRECTIONS = ['both', 'host-to-guest', 'guest-to-host', 'off'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** What becomes of content whose program marks it as a password (`x-kde-passwordManagerHint` = `secret`). */
export const PASSWORD_HINTS = ['withhold', 'ignore'] as const;
export type PasswordHint = (typeof PASSWORD_HINTS)[number];

/** How one selection crosses. */
export interface SelectionSettings {
  /**
   * Null is automatic: both directions, except that PRIMARY does not go to the host of a QEMU vdagent, whose VNC server has one
   * clipboard and would overwrite its viewer's CLIPBOARD with each marked text.
   */
  readonly direction: Direction | null;
}

/** What may cross in one direction. */
export interface DirectionSettings {
  /**
   * MIME types that may cross, in lower case: exact ones (`image/png`, `text/plain;charset=utf-8`), or all of a kind (`image/*`).
   * Never empty. Null: all types.
   */
  readonly types: readonly string[] | null;
  /** Largest content of one paste, in bytes. At least 1. */
  readonly maxBytes: number;
}

/** The guest agent: JSON commands from the host. */
export interface GuestAgentSettings {
  /** Where it is spoken: devices, and unix sockets (`unix:PATH`) to listen on. Empty: nowhere. */
  readonly ports: readonly string[];
  /** The qemu-ga that gets what is not clipmuxd's own, as `unix:PATH`; null: none. */
  readonly upstream: string | null;
  /** The commands that may be called, qemu-ga's included; null: all. */
  readonly allow: readonly string[] | null;
  /** Those that may not be. */
  readonly block: readonly string[];
  /** Whether commands may pass locks, directions, types and size limits. */
  readonly privileged: boolean;
  /** The methods of sessions' programs that guest-session-call may call; null: all that programs serve. */
  readonly sessionMethods: readonly string[] | null;
  /** How long, in ms, qemu-ga may take for a command that is not known to take long. */
  readonly upstreamAnswerMs: number;
}

/** Calls of sessions to the host. */
export interface HostCallsSettings {
  /** The port to the host's end, as `parsePortName` takes it; null: none. */
  readonly port: string | null;
  /** The host's methods that sessions may call. */
  readonly allow: readonly string[];
  /** How long, in ms, the host may take for an answer. */
  readonly answerMs: number;
}

/** The effective configuration of clipmuxd: defaults, overridden by the files. Immutable data. */
export interface Settings {
  readonly policy: Policy;
  /** The port to the host, as `parsePortName` takes it. */
  readonly port: string;
  /** The selection of copy and paste. */
  readonly clipboard: SelectionSettings;
  /** The selection of marking and the middle button. */
  readonly primary: SelectionSettings;
  readonly hostToGuest: DirectionSettings;
  readonly guestToHost: DirectionSettings;
  readonly access: {
    /**
     * Names and uids of the users that may take part. Null: all that logind knows; without logind only root and clipmuxd's own
     * user, to whom these are added.
     */
    readonly users: readonly (string | number)[] | null;
  };
  readonly privacy: {
    readonly passwordHint: PasswordHint;
    /** How long, in ms, the guest's sessions keep what the host offered before it is taken from them; null: for as long as the host offers it. */
    readonly wipeAfterMs: number | null;
  };
  readonly text: {
    /** Undo what QEMU's VNC server does to text (CR LF for LF, a NUL at the end). */
    readonly normaliseVnc: boolean;
  };
  readonly timeouts: {
    /** How long, in ms, the host may be silent before a session's paste is given up. */
    readonly hostAnswerMs: number;
    /** How long, in ms, a session may take to begin its answer to the host. */
    readonly sessionAnswerMs: number;
    /** How long, in ms, a session may take nothing of a transfer before it loses it. */
    readonly sessionStallMs: number;
    /** How long, in ms, after a handshake the guest offers nothing, so that a standing offer of the host wins. */
    readonly settleMs: number;
  };
  readonly limits: {
    /** Connections to the session socket at once. */
    readonly connections: number;
    /** Those of one user. */
    readonly connectionsPerUser: number;
    /** Connections to the session socket that have not said hello yet. */
    readonly pendingConnections: number;
    /** Those of one user. */
    readonly pendingConnectionsPerUser: number;
    /** Connections to the control socket at once. */
    readonly controlConnections: number;
    /** Requests of the host that wait for an answer; more are answered empty. */
    readonly hostRequests: number;
  };
  readonly log: {
    readonly level: LogLevel;
  };
  readonly sockets: {
    /** Path of the socket for agents, unless systemd hands one over. */
    readonly session: string;
    /** Path of the socket for clipmuxctl, unless systemd hands one over. */
    readonly control: string;
  };
  readonly notifications: {
    /** Tell the user when a limit or a time-out cut a paste short. */
    readonly pasteCutShort: boolean;
  };
  readonly relay: {
    /** Path of the socket that is the stock daemon's port; null: there is none. */
    readonly socket: string | null;
  };
  readonly guestAgent: GuestAgentSettings;
  readonly hostCalls: HostCallsSettings;
}
