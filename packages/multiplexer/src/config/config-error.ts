/** Something wrong in the configuration, and where. */
export interface ConfigProblem {
  /** The file as it was named to us, or its path. */
  readonly file: string;
  /** Line and column of the key, both from 1; null where the file as a whole is meant, for example because it cannot be read. */
  readonly position: { readonly line: number; readonly column: number } | null;
  /** The key with its table, for example `clipboard.direction`; null where no key is meant. */
  readonly key: string | null;
  /** What is wrong and what would be right. */
  readonly message: string;
}

/** Problems that the message of a {@link ConfigError} names; past this a file is no configuration at all. */
const PROBLEMS_IN_MESSAGE = 20;

/**
 * The configuration cannot be used. Holds everything that is wrong with it, so that all can be mended at once; the message has
 * a line for each.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'invalid-configuration';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.slice(0, PROBLEMS_IN_MESSAGE).map(formatProblem);
    const rest = problems.length - lines.length;
    super([...lines, ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n'));
    this.problems = problems;
  }
}

/** `FILE:LINE:COLUMN: KEY: MESSAGE`, the form that editors and compilers use. */
export function formatProblem({ file, position, key, message }: ConfigProblem): string {
  const where = position ? `${file}:${position.line}:${position.column}` : file;
  return [where, ...(key === null ? [] : [key]), message].join(': ');
}
