/** Calls of clipmux's programs in documents. */

export const PROGRAMS = ['clipmuxd', 'clipmux-session', 'clipmuxctl', 'clipmux-host'] as const;
export type ProgramName = (typeof PROGRAMS)[number];

/** One call, by its words. */
export interface Call {
  readonly program: ProgramName;
  readonly words: readonly string[];
  /** As it stands in the document. */
  readonly text: string;
}

/** What may stand before a program: `$ `, sudo, and node with a path before the program's file. */
const BEFORE = /^(?:\$ )?(?:sudo )?(?:node \S*\/(?=clipmux))?/;
/** What ends a command in a shell. */
const ENDS = /\|\|?|&&?|;|\s#\s/;

/** The calls of our programs in a script or in a piece of inline code. Quoted text that holds blanks is one word. */
export function callsIn(script: string): readonly Call[] {
  const commands = script
    .replace(/\\\n/g, ' ')
    .replace(/'[^'\n]*'|"[^"\n]*"/g, 'QUOTED')
    .split('\n')
    .flatMap((line) => line.split(ENDS));
  return commands.flatMap((command) => {
    const text = command.trim().replace(BEFORE, '');
    const [first = '', ...words] = text.split(/\s+/);
    const name = first.replace(/\.cjs$/, '');
    const program = PROGRAMS.find((each) => each === name);
    return program === undefined ? [] : [{ program, words: words.filter((word) => word !== '…'), text }];
  });
}

/** The options that a help text lists, long and short. */
export function optionsIn(help: string): ReadonlySet<string> {
  const options = new Set<string>();
  for (const line of help.split('\n')) {
    const [, head] = /^ +(-\S.*)$/.exec(line) ?? [];
    if (head === undefined) continue;
    for (const [option] of (head.split(/ {2,}/)[0] ?? '').matchAll(/--?[\w-]+/g)) options.add(option);
  }
  return options;
}
