/** The rows of the matrix, and how they are printed. */

export interface MatrixRow {
  /** `both`: clipmux, with the stock daemon behind it. */
  readonly agent: 'clipmux' | 'both' | 'spice-vdagent';
  readonly host: string;
  readonly direction: 'host → guest' | 'guest → host';
  /** `–` where it is no copy that crosses. */
  readonly selection: 'clipboard' | 'primary' | '–';
  readonly content: string;
}

/** How a case went. */
export interface Result extends MatrixRow {
  readonly works: boolean;
  readonly milliseconds: number;
  readonly attempts: number;
  readonly why: string;
}

/** One line a row. */
export function formatRows(rows: readonly Result[]): string {
  return rows.map(formatRow).join('\n');
}

/** One row as a line. */
export function formatRow(result: Result): string {
  return [
    result.agent.padEnd(13),
    result.host.padEnd(20),
    result.direction,
    result.selection.padEnd(9),
    result.content.padEnd(15),
    result.works ? `${Math.round(result.milliseconds)} ms`.padStart(9) : '    FAILS',
    result.attempts > 1 ? `(attempt ${result.attempts}) ${result.why}` : '',
  ]
    .join('  ')
    .trimEnd();
}
