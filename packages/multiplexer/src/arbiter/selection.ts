/** The two selections that cross to the host. X11's SECONDARY is not used by programs of today. */
export const SELECTIONS = ['clipboard', 'primary'] as const;
export type Selection = (typeof SELECTIONS)[number];
