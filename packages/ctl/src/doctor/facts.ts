import type { SessionEntry, Status } from '@clipmux/rpc';

/** What a diagnosis is made from: everything that was looked at, and nothing judged yet. */
export interface Facts {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Version of clipmuxctl. */
  readonly version: string;
  /** Who asks. */
  readonly user: { readonly uid: number; readonly name: string };
  readonly control: ControlFacts;
  /** What clipmuxd told; null where it did not answer. */
  readonly daemon: DaemonFacts | null;
  readonly port: PortFacts;
  /** Processes of programs that matter here, as far as this user may see them. */
  readonly processes: readonly ProcessFacts[];
  readonly desktop: DesktopFacts;
  /** Who has X displays on this machine (the owners of the sockets in /tmp/.X11-unix). */
  readonly displays: readonly { readonly name: string; readonly uid: number }[];
}

export interface DaemonFacts {
  readonly status: Status;
  readonly sessions: readonly SessionEntry[];
}

/** How it went to speak to clipmuxd. */
export interface ControlFacts {
  readonly path: string;
  readonly state: 'answers' | 'missing' | 'refused' | 'denied' | 'silent' | 'failed';
  /** Why not; empty if it answers. */
  readonly message: string;
}

/** The port to the host. */
export interface PortFacts {
  /** A device's path, or `unix:PATH`. */
  readonly name: string;
  /** What is wrong with it; null: nothing, or it was not looked at. Codes are those of `status`. */
  readonly problem: { readonly code: string; readonly message: string } | null;
  /** Who has the device open, where clipmuxd has not; null: nobody, or nobody that this user may see. */
  readonly holder: { readonly pid: number; readonly name: string } | null;
}

export interface ProcessFacts {
  readonly pid: number;
  readonly uid: number;
  /** Of the program: of the script where a Node program is one. At most 15 characters for others. */
  readonly name: string;
}

/** The graphical session in which clipmuxctl itself was started, by its environment. */
export interface DesktopFacts {
  /** XDG_SESSION_TYPE; empty if it is not set. */
  readonly sessionType: string;
  /** DISPLAY; empty if it is not set. */
  readonly display: string;
  readonly waylandDisplay: string;
  /** Why the display cannot be used (codes of `DisplayError`); null: it can, or none is named. */
  readonly problem: { readonly code: string; readonly message: string } | null;
}
