import type { Selection } from './selection.ts';

/** What may cross in one direction of one selection. */
export interface DirectionRule {
  readonly allowed: boolean;
  /** MIME types that may cross, `image/*` for all of a kind; null: any. */
  readonly types: readonly string[] | null;
}

/** What the administrator allows. Data, so that a change can be seen. */
export interface Rules {
  readonly toHost: Readonly<Record<Selection, DirectionRule>>;
  readonly toSession: Readonly<Record<Selection, DirectionRule>>;
  /** Content that its program marks as a password is not offered to the host. */
  readonly withholdSecrets: boolean;
  /** Largest content for the host, in bytes. */
  readonly maxBytesToHost: number;
}

const ANYTHING: DirectionRule = { allowed: true, types: null };

/** Everything may cross. */
export const NO_RULES: Rules = {
  toHost: { clipboard: ANYTHING, primary: ANYTHING },
  toSession: { clipboard: ANYTHING, primary: ANYTHING },
  withholdSecrets: false,
  maxBytesToHost: Number.POSITIVE_INFINITY,
};

/** Those of the types that may cross; none where the direction is off. */
export function permitted(rule: DirectionRule, types: readonly string[]): readonly string[] {
  if (!rule.allowed) return [];
  const { types: patterns } = rule;
  return patterns === null ? types : types.filter((type) => patterns.some((pattern) => matches(pattern, type)));
}

function matches(pattern: string, type: string): boolean {
  return pattern.endsWith('/*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type;
}
