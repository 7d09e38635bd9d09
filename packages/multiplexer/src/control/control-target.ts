import type {
  ControlHappening,
  ControlResult,
  Eligible,
  Selection,
  SelectionContent,
  SessionEntry,
  Status,
} from '@clipmux/rpc';

/** Which selection of which session. `session` undefined: the one that takes part now. */
export interface Whose {
  readonly session: number | undefined;
  readonly selection: Selection;
}

/** One type of content that an administrator sets. */
export interface HeldContent {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** Content that is read for an administrator. */
export interface ControlContent {
  /** The type as its owner gives it. */
  readonly type: string;
  /** Bytes that `pieces` will give, exactly. */
  readonly size: number;
  /** Fails with an RpcError where the owner fails. Whoever does not read it to its end calls `return`. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** A level of the log, by name. */
export type LogLevelName = ControlResult<'log.level'>['level'];

/**
 * What the control socket shows of clipmuxd and does to it: clipmuxd's own methods, without anything of JSON-RPC. An RpcError that a
 * method throws is the caller's answer as it is; anything else becomes `internal` and is logged.
 *
 * Where a `session` is undefined the session that takes part is meant. A session that is not there, or undefined while none takes
 * part, is RpcError `no-such-session`.
 */
export interface ControlTarget {
  /** All of `status` but `protocol`, which is the control socket's own. */
  status(): Omit<Status, 'protocol'>;
  /** Every session with an agent, by id. */
  sessions(): readonly SessionEntry[];

  /** The policy as text: `active`, `off`, `pinned:N`. */
  readonly policy: string;
  /** @throws {RpcError} `no-such-session` where a policy pins a session that is not connected */
  setPolicy(policy: string): void;
  /** Who takes part now, and why. */
  readonly eligible: Eligible;

  /** What the session's selection holds. @throws {RpcError} `no-such-session` */
  targets(whose: Whose): SelectionContent;
  /**
   * What a program of that session would get if it pasted now: of a program in it, of the host, or what an administrator has set. The
   * administrator may see every session's content, whichever takes part.
   * @param signal aborted when nobody waits any more
   * @throws {RpcError} `no-such-session`, `no-owner`, `type-unavailable`, `owner-refused`, `owner-died`, `timed-out` …
   */
  content(whose: Whose, type: string, signal: AbortSignal): Promise<ControlContent>;
  /**
   * Gives the session's selection this content, best type first; `share` offers it to the host too.
   * @returns the session that was meant
   * @throws {RpcError} `no-such-session`
   */
  hold(whose: Whose, contents: readonly HeldContent[], share: boolean): number | Promise<number>;
  /** The session's selection shall hold nothing. @returns the session that was meant. @throws {RpcError} `no-such-session` */
  clear(whose: Whose): number | Promise<number>;

  /** Calls back with everything that happens from now on, until the returned function is called. The listener never throws. */
  subscribe(listener: (happening: ControlHappening) => void): () => void;

  logLevel: LogLevelName;
  /** Whether messages to and from the host are traced by name and size. */
  trace: boolean;
  /** The configuration that holds, defaults included, as TOML; what holds only after a restart is named in a comment. */
  configText(): string;
  /**
   * Reads the configuration's files again.
   * @returns the keys whose values have changed, and all keys whose values take effect only when clipmuxd starts again
   * @throws {RpcError} `invalid-config` with a line in `details` for each problem; nothing has changed then
   */
  reloadConfig(): { readonly changed: readonly string[]; readonly restart: readonly string[] };
}
