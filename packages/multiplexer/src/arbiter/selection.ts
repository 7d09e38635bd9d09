/** The two selections that cross to the host. X11's SECONDARY is not used by programs of today. */
export const SELECTIONS = ['clipboard', 'primary'] as const;
export type Selection = (typeof SELECTIONS)[number];

/**
 * The record with another value for one selection. Spread and a computed key would say it shorter, and take ten times as long: this is
 * done several times for each copy and paste.
 */
export function withSelection<T>(
  record: Readonly<Record<Selection, T>>,
  selection: Selection,
  value: T,
): Readonly<Record<Selection, T>> {
  switch (selection) {
    case 'clipboard':
      return { clipboard: value, primary: record.primary };
    case 'primary':
      return { clipboard: record.clipboard, primary: value };
  }
}
