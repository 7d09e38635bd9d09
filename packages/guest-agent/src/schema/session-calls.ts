/**
 * What guest-session-call can call. A list, not whatever the session's agent knows: the wire between clipmuxd and an agent has no calls of
 * free choice, and each method here is one that the host may use.
 */
export const SESSION_CALLS = {
  ping: 'the agent answers within 2 s; returns `{}`',
  'selection.targets': 'what the selection holds, with `selection` in `params`; returns `owner` and `types`',
} as const satisfies Readonly<Record<string, string>>;

/** A method of guest-session-call. */
export type SessionCallMethod = keyof typeof SESSION_CALLS;
