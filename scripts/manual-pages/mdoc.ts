/** Writing mdoc(7), the markup of manual pages. */

/** The date on the pages that are made: of their last change in substance. */
const DATE = 'November 22, 2026';

/** Source lines are not longer, as mandoc's style wants it. */
const LINE_CHARACTERS = 80;

/** One line of text as it is. */
export function text(value: string): string {
  return escapeText(value).replace(/^([.'])/, '\\&$1');
}

/** Flowing text as source lines: a new sentence begins a new line, and none is too long. */
export function sentences(value: string): string[] {
  return lines(escapeText(value));
}

/** As {@link sentences}, with `code` in bold and *words* in italics. */
export function markedSentences(markdown: string): string[] {
  return lines(
    escapeText(markdown)
      .replaceAll(/`([^`]+)`/g, (_all, code: string) => `\\fB${code.replaceAll(' ', '\\ ')}\\fP`)
      .replaceAll(/\*([a-z][^*]*)\*/gi, (_all, words: string) => `\\fI${words}\\fP`),
  );
}

function escapeText(value: string): string {
  return value.replaceAll('\\', '\\e').replaceAll('--', '\\-\\-');
}

function lines(escaped: string): string[] {
  return escaped.split(/(?<=[.?!]\)?) (?=\S)/).flatMap((sentence) => {
    const found: string[] = [];
    let line = '';
    for (const word of sentence.split(/(?<!\\) /)) {
      if (line !== '' && line.length + 1 + word.length > LINE_CHARACTERS) {
        found.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    return [...found, line].map((each) => each.replace(/^([.'])/, '\\&$1'));
  });
}

/** A word as the argument of a macro: quoted if it has spaces, and never taken for a macro or for punctuation of its own. */
export function argument(value: string): string {
  const escaped = value.replaceAll('\\', '\\e').replaceAll('"', '\\(dq').replaceAll('-', '\\-');
  const guarded = /^([.,:;()[\]?!|]|[A-Z][a-z]$)/.test(escaped) ? `\\&${escaped}` : escaped;
  return /[\s]/.test(guarded) || guarded === '' ? `"${guarded}"` : guarded;
}

/** The beginning of a page. */
export function head(name: string, section: number, purpose: string): string[] {
  return [
    `.Dd ${DATE}`,
    `.Dt ${name.toUpperCase()} ${section}`,
    '.Os clipmux',
    '.Sh NAME',
    `.Nm ${name}`,
    `.Nd ${text(purpose)}`,
  ];
}

/** A reference to other pages, in the order given: `['clipmuxd', 8]`. */
export function seeAlso(pages: readonly (readonly [string, number])[]): string[] {
  return [
    '.Sh SEE ALSO',
    ...pages.map(([name, section], index) => `.Xr ${name} ${section}${index < pages.length - 1 ? ' ,' : ''}`),
  ];
}

/** Lines as they are, in the fixed width. */
export function display(lines: readonly string[]): string[] {
  return ['.Bd -literal -offset indent', ...lines.map(text), '.Ed'];
}
