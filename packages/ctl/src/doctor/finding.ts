import type { Facts } from './facts.ts';

/**
 * error: nothing is copied or pasted · warning: something does not work, or soon will not · note: works as it was told to, which
 * may not be what is expected.
 */
export type Severity = 'error' | 'warning' | 'note';

/** What to do, and where. */
export interface Remedy {
  /** Such as `in the guest, as root`; a sentence's beginning without a colon. */
  readonly where: string;
  /** Commands, or lines of a file, to be used as they are. */
  readonly lines: readonly string[];
}

/** Something that a user would want to know. */
export interface Finding {
  /** For scripts and for searching; keeps its meaning. */
  readonly code: string;
  readonly severity: Severity;
  /** What is wrong and what follows from it. */
  readonly sentence: string;
  readonly remedies: readonly Remedy[];
}

/** One thing that is looked at. */
export interface Check {
  /** What is true if nothing is found, for the report. */
  readonly title: string;
  /** What is wrong; empty: nothing; null: it cannot be told from these facts. */
  examine(facts: Facts): readonly Finding[] | null;
}
