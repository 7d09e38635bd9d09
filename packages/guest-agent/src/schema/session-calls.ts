/** What guest-session-call finds clipmuxd itself to answer, in every session. All other methods are those that programs of the session serve. */
export const SESSION_CALLS = {
  ping: 'the agent answers within 2 s; returns `{}`',
  'selection.targets': 'what the selection holds, with `selection` in `params`; returns `owner` and `types`',
} as const satisfies Readonly<Record<string, string>>;

/** A method of clipmuxd's own. */
export type SessionCallMethod = keyof typeof SESSION_CALLS;

/** Whether it is a method of clipmuxd's own. */
export function isOwnSessionCall(method: string): method is SessionCallMethod {
  return Object.hasOwn(SESSION_CALLS, method);
}

/**
 * Milliseconds that a program of a session may take for its answer unless the host says otherwise: less than the 15 s that clipmux-host waits.
 * What a client asks meanwhile waits behind it.
 */
export const SESSION_CALL_MS = 10_000;

/** Milliseconds that the host may give a program at most: a person may be asked something. */
export const SESSION_CALL_MAX_MS = 60 * 60 * 1000;
